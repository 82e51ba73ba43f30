/**
 * A zod schema as the API server wants it: a structural OpenAPI v3 schema, in which references are written out, bounds that
 * are excluded are flags, and every node has a type. What cannot be said so throws when the definitions are made.
 */
import { z } from 'zod'

export interface Structural {
  type: string
  description?: string
  default?: unknown
  enum?: unknown[]
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  items?: Structural
  properties?: Record<string, Structural>
  required?: string[]
  'x-kubernetes-validations'?: readonly Validation[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: readonly string[]
}

/** A rule of CEL; `self` is the node that it stands at. */
export interface Validation {
  readonly rule: string
  readonly message: string
}

type Node = Readonly<Record<string, unknown>>

/** Kept as they are; all others are translated below or refused. */
const KEPT = [
  ...['description', 'default', 'enum', 'format', 'pattern', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'required'],
] as const
const TRANSLATED = [
  ...['type', '$ref', '$schema', '$defs', 'id', 'title', 'const', 'properties'],
  ...['items', 'additionalProperties', 'minimum', 'maximum'],
  ...['exclusiveMinimum', 'exclusiveMaximum'],
]

export function structuralOf(schema: z.ZodType): Structural {
  const root: Node = JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'input' })))
  return nodeOf(root, root)
}

function nodeOf(given: Node, root: Node): Structural {
  const node = followed(given, root)
  for (const key of Object.keys(node))
    if (!TRANSLATED.includes(key) && !KEPT.some((kept) => kept === key))
      throw new TypeError(`a structural schema has no ${key}: ${JSON.stringify(node)}`)
  const made: Structural = { type: typeOf(node) }
  for (const key of KEPT) if (node[key] !== undefined) Object.assign(made, { [key]: node[key] })
  if (node.const !== undefined) made.enum = [node.const]
  Object.assign(made, boundsOf(node))
  if (isNode(node.items)) made.items = nodeOf(node.items, root)
  if (isNode(node.properties))
    made.properties = Object.fromEntries(
      Object.entries(node.properties).map(([key, child]) => [key, nodeOf(Object(child), root)]),
    )
  return made
}

/** A reference with what stands beside it, in place of what it names. */
function followed(node: Node, root: Node): Node {
  const name = typeof node.$ref === 'string' ? node.$ref.split('/').at(-1)! : undefined
  if (name === undefined) return node
  const named: unknown = Reflect.get(Object(root.$defs), name)
  const { $ref: _, ...beside } = node
  return { ...followed(Object(named), root), ...beside }
}

function typeOf({ type, properties }: Node): string {
  if (typeof type === 'string') return type
  if (properties !== undefined) return 'object'
  throw new TypeError('every node of a structural schema has one type')
}

function boundsOf(node: Node): Partial<Structural> {
  const low = numberOf(node.exclusiveMinimum)
  const high = numberOf(node.exclusiveMaximum)
  const minimum = low ?? within(numberOf(node.minimum))
  const maximum = high ?? within(numberOf(node.maximum))
  return {
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(low === undefined ? {} : { exclusiveMinimum: true }),
    ...(high === undefined ? {} : { exclusiveMaximum: true }),
  }
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined

/** zod writes the largest safe integers where the schema sets no limit. */
const within = (bound: number | undefined): number | undefined =>
  bound !== undefined && Math.abs(bound) === Number.MAX_SAFE_INTEGER ? undefined : bound

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
