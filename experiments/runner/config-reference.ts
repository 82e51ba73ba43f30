/**
 * docs/experiments-config.md and the JSON Schema of an experiment's file, made from the schemas that read it: what stands
 * there is what is allowed. `node experiments/runner/write-docs.ts` writes both.
 */
import { z } from 'zod'
import { allowedBy, type JsonSchema, resolve } from '../../services/config-schema.ts'
import { CONTROLLER_NAMES, controllerOf } from '../controllers/registry.ts'
import { ExperimentConfig } from './config.ts'

export const REFERENCE_START = '<!-- settings: made by experiments/runner/write-docs.ts -->'
export const REFERENCE_END = '<!-- settings end -->'

/** Settings whose own settings stand elsewhere on the page, and where. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(datasets\[\]|variants\[\])\.setting$/, 'any of `setting`, put over it'],
  [/^datasets\[\]\.services\[\]\.spec$/, "any of `setting.spec`, this service's own"],
  [/^datasets\[\]\.services\[\]\.serving$/, "any of `setting.serving`, this service's own"],
]

/** JSON Schema (draft 7, which editors know) of an experiment's file. */
export function experimentJsonSchema(): JsonSchema {
  return jsonSchemaOf(ExperimentConfig)
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'input', target: 'draft-7' })))
}

/** `page` with its generated part replaced. Throws where it has no place for one. */
export function withReference(page: string): string {
  const start = page.indexOf(REFERENCE_START)
  const end = page.indexOf(REFERENCE_END)
  if (start < 0 || end < start)
    throw new Error(`the page lacks ${REFERENCE_START} … ${REFERENCE_END}`)
  return `${page.slice(0, start)}${REFERENCE_START}\n\n${reference()}\n\n${page.slice(end)}`
}

function reference(): string {
  const root = experimentJsonSchema()
  const kinds = CONTROLLER_NAMES.map((name) => {
    const kind = controllerOf(name)
    const rows = rowsOf(kind.schema, name)
    const swept = `\`sweep: true\`: ${kind.sweep().length} settings.`
    const table = rows.length === 0 ? '' : `\n\n${HEAD}\n${rows.join('\n')}`
    return `### ${name}\n\n${escaped(kind.source)}. ${swept}${table}`
  })
  const all = tableRows({ root, node: root, path: [], names: new Set() })
  return [
    '## Settings',
    `${HEAD}\n${all.join('\n')}`,
    '## Parameters of controllers',
    ...kinds,
  ].join('\n\n')
}

/** Settings that tell alternatives apart: a row each. */
const DISCRIMINATORS = ['kind', 'type']
const HEAD = '| setting | allowed | default | |\n| --- | --- | --- | --- |'

function rowsOf(schema: z.ZodType, name: string): string[] {
  const root = jsonSchemaOf(schema)
  return tableRows({ root, node: root, path: [], names: new Set([name]) })
}

interface Place {
  readonly root: JsonSchema
  readonly node: JsonSchema
  readonly path: readonly string[]
  /** Already told: alternatives share settings. */
  readonly names: Set<string>
}

/** A row a setting below `node`; of alternatives each setting once, with the kinds that have it. */
function tableRows({ root, node, path, names }: Place): string[] {
  const alternatives = resolve(node, root)
  return alternatives.flatMap((part) => {
    const own = Object.entries(part.properties ?? {}).flatMap(([key, child]) => {
      const of = kindsWith(key, child, alternatives)
      const told = { of, initial: defaultOf(child, node, key) }
      return settingRows({ root, node: child, path: [...path, key], names }, told)
    })
    const { additionalProperties: any } = part
    // of a mapping of any values there is nothing to tell
    if (typeof any !== 'object' || Object.keys(any).length === 0) return own
    return [...own, ...tableRows({ root, node: any, path: [...path, '*'], names })]
  })
}

/** Of several alternatives those that have the setting, where not all do; '' where it is the one that tells them apart. */
function kindsWith(key: string, { type }: JsonSchema, alternatives: readonly JsonSchema[]): string {
  if (DISCRIMINATORS.includes(key)) return ''
  const having = alternatives.filter(({ properties }) => {
    const own = properties?.[key]
    return own !== undefined && own.type === type
  })
  if (having.length === alternatives.length) return ''
  const kinds = having.map(({ properties }) => properties?.kind?.const ?? properties?.type?.const)
  return kinds.filter((kind) => kind !== undefined).join(', ')
}

interface Told {
  readonly of: string
  readonly initial: unknown
}

function settingRows(place: Place, told: Told): string[] {
  const { root, node, path, names } = place
  const items = resolve(node, root).flatMap((part) => part.items ?? [])
  const name = `${path.join('.')}${items.length > 0 ? '[]' : ''}`
  if (names.has(name) && !DISCRIMINATORS.includes(path.at(-1)!)) return []
  names.add(name)
  const parts = items.length > 0 ? items.flatMap((one) => resolve(one, root)) : resolve(node, root)
  const isSection = parts.every(({ properties }) => properties !== undefined)
  const elsewhere = ELSEWHERE.find(([pattern]) => pattern.test(name))?.[1]
  const row = rowOf(place, { ...told, name, isSection, elsewhere })
  if (elsewhere !== undefined) return row
  const within = items.length > 0 ? [...path.slice(0, -1), `${path.at(-1)}[]`] : path
  const nodes = items.length > 0 ? items : [node]
  return [...row, ...nodes.flatMap((one) => tableRows({ root, node: one, path: within, names }))]
}

interface Row extends Told {
  readonly name: string
  readonly isSection: boolean
  readonly elsewhere: string | undefined
}

function rowOf({ root, node }: Place, row: Row): string[] {
  const { name, of, initial, isSection, elsewhere } = row
  const parts = resolve(node, root)
  const description = elsewhere ?? node.description ?? parts[0]?.description ?? ''
  if (isSection && description === '') return []
  const allowed = isSection || elsewhere ? '' : (allowedBy(parts) ?? '')
  const value = isSection || initial === undefined ? '' : `\`${JSON.stringify(initial)}\``
  const said = of === '' ? description : `${description} (${of})`.trim()
  return [`| \`${name}\` | ${escaped(allowed)} | ${escaped(value)} | ${escaped(said)} |`]
}

function defaultOf(child: JsonSchema, parent: JsonSchema, key: string): unknown {
  if (child.default !== undefined) return child.default
  const initial = parent.default
  return typeof initial === 'object' && initial !== null
    ? Object.entries(initial).find(([k]) => k === key)?.[1]
    : undefined
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
