/**
 * The configuration's JSON Schema, made from AppConfig, and what can be read off it: which settings exist at a path
 * and what each of them allows. It is published as docs/schema/forescale.schema.json.
 */
import { z } from 'zod'
import { AppConfig } from './config.ts'

/** The part of JSON Schema (draft 7) that zod writes. */
export interface JsonSchema {
  readonly $ref?: string
  readonly allOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly minItems?: number
  readonly default?: unknown
  readonly description?: string
  readonly definitions?: Readonly<Record<string, JsonSchema>>
}

export type Path = readonly (string | number)[]

export const SCHEMA_URL = 'https://forescale.dev/schema/forescale.schema.json'

let made: JsonSchema | undefined

/** JSON Schema (draft 7, which editors know) of the configuration file. */
export function configJsonSchema(): JsonSchema {
  made ??= withEmptyServices(
    JSON.parse(JSON.stringify(z.toJSONSchema(AppConfig, { io: 'input', target: 'draft-7' }))),
  )
  return made
}

/** A service without any settings is written `search:`, which YAML reads as null. */
function withEmptyServices(schema: JsonSchema): JsonSchema {
  const app = schema.definitions?.AppConfig
  const services = app?.properties?.services
  if (app === undefined || services === undefined) return schema
  const either = { anyOf: [services.additionalProperties, { type: 'null' }] }
  const properties = { ...app.properties, services: { ...services, additionalProperties: either } }
  return {
    ...schema,
    definitions: { ...schema.definitions, AppConfig: { ...app, properties } },
  } as JsonSchema
}

/** The alternatives that the schema has at `path`, references followed; empty when the path is unknown. */
export function schemasAt(path: Path): readonly JsonSchema[] {
  let nodes = resolve(configJsonSchema())
  for (const key of path) nodes = nodes.flatMap((node) => childOf(node, key))
  return nodes
}

/** Names of the settings at `path`. */
export function keysAt(path: Path): readonly string[] {
  return [...new Set(schemasAt(path).flatMap((node) => Object.keys(node.properties ?? {})))]
}

function childOf(node: JsonSchema, key: string | number): readonly JsonSchema[] {
  if (typeof key === 'number') return node.items ? resolve(node.items) : []
  const property = Object.hasOwn(node.properties ?? {}, key) ? node.properties?.[key] : undefined
  if (property !== undefined) return resolve(property)
  return typeof node.additionalProperties === 'object' ? resolve(node.additionalProperties) : []
}

/** The alternatives that `node` is, references into `root` followed. */
export function resolve(node: JsonSchema, root = configJsonSchema()): readonly JsonSchema[] {
  const name = node.$ref?.replace('#/definitions/', '')
  const target = name === undefined ? undefined : root.definitions?.[name]
  if (target !== undefined) return resolve(target, root)
  const parts = node.allOf ?? node.oneOf ?? node.anyOf
  return parts === undefined ? [node] : parts.flatMap((part) => resolve(part, root))
}

/** What may stand at `path`, as a phrase; undefined when the path is unknown. */
export function allowedAt(path: Path): string | undefined {
  return allowedBy(schemasAt(path))
}

/** What one of these alternatives takes, as a phrase; undefined where there is none. */
export function allowedBy(nodes: readonly JsonSchema[]): string | undefined {
  const phrases = new Set<string>()
  for (const node of nodes) if (node.type !== 'null') phrases.add(phraseOf(node))
  const constants = [...phrases].filter((p) => p.startsWith('"'))
  if (constants.length > 1 && constants.length === phrases.size)
    return `one of ${constants.join(', ')}`
  return phrases.size === 0 ? undefined : [...phrases].join(' or ')
}

function phraseOf(node: JsonSchema): string {
  if (node.const !== undefined) return JSON.stringify(node.const)
  if (node.enum !== undefined) return `one of ${node.enum.map((v) => JSON.stringify(v)).join(', ')}`
  switch (node.type) {
    case 'integer':
      return `a whole number${rangeOf(node)}`
    case 'number':
      return `a number${rangeOf(node)}`
    case 'boolean':
      return 'true or false'
    case 'string':
      return node.minLength === undefined ? 'a text' : 'a text that is not empty'
    case 'array':
      return node.minItems === undefined ? 'a list' : `a list of at least ${node.minItems}`
    default:
      return node.properties === undefined
        ? 'a mapping of names to settings'
        : `a mapping with ${Object.keys(node.properties).join(', ')}`
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const low = minimum !== undefined ? ` from ${minimum}` : ''
  const above = exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : ''
  // zod writes the largest safe integer where the schema sets no limit
  const bounded = maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER
  const high = bounded ? ` to ${maximum}` : ''
  const below = exclusiveMaximum !== undefined ? ` below ${exclusiveMaximum}` : ''
  if (low && !high && !below) return `${low} up`
  return `${low}${above}${high && !low ? ' up' : ''}${high}${below && above ? ' and' : ''}${below}`
}
