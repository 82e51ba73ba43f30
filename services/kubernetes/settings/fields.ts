/**
 * What a tenant may say of a service, and how far: one list, made from ServiceSpec, behind the annotations, the
 * ScalingPolicy, the defaults and limits of the administrator, and the table in the documentation. A setting that ServiceSpec
 * gets and that stands in no list here fails a test: what tenants may do is decided, not inherited.
 */
import { z } from 'zod'
import { Mode, ServiceSpec } from '../../../agents/service-spec.ts'

export const PREFIX = 'forescale.dev/'

/**
 * free: what it asks for costs nobody else anything, or no more than the limits of other settings allow.
 * at-most, at-least: a limit of the administrator bounds it from above, from below.
 */
export type Rule = 'free' | 'at-most' | 'at-least'

/** By dotted path. A weight, a share, a price or an objective takes from others what they would have had. */
const RULES: Readonly<Record<string, Rule>> = {
  minReplicas: 'at-most',
  maxReplicas: 'at-most',
  pricePerReplicaHour: 'at-least',
  weight: 'at-most',
  fairShare: 'at-most',
  'slo.latencySeconds': 'at-least',
  'slo.objective': 'at-most',
  mode: 'at-most',
  policy: 'free',
  capacityPerReplica: 'free',
  startupSeconds: 'free',
  targetUtilization: 'free',
  'behavior.scaleUp.stabilizationWindowSeconds': 'free',
  'behavior.scaleUp.selectPolicy': 'free',
  'behavior.scaleUp.policies': 'free',
  'behavior.scaleUp.tolerance': 'free',
  'behavior.scaleDown.stabilizationWindowSeconds': 'free',
  'behavior.scaleDown.selectPolicy': 'free',
  'behavior.scaleDown.policies': 'free',
  'behavior.scaleDown.tolerance': 'free',
}
/** A tier brings its own maximum and its own price: who chooses it sets limits. */
export const ADMINISTRATORS_ONLY: readonly string[] = ['tier', 'tiers']

export interface Field {
  /** Dotted, as in ServiceSpec. */
  readonly path: string
  /** Name of the annotation, prefix included. */
  readonly annotation: string
  readonly rule: Rule
  /** Of a value that is given; what stands when none is, is not its business. */
  readonly schema: z.ZodType
  readonly description: string
}

/** Values by path; only what was said. */
export type Values = ReadonlyMap<string, unknown>

/** Every leaf of ServiceSpec, decided or not. */
export const LEAVES: readonly Omit<Field, 'rule'>[] = leavesOf(ServiceSpec.shape, [])

export const FIELDS: readonly Field[] = LEAVES.flatMap((leaf) => {
  const rule = Object.hasOwn(RULES, leaf.path) ? RULES[leaf.path] : undefined
  return rule ? [{ ...leaf, rule }] : []
})
/** Those that the administrator may limit. */
export const LIMITED: readonly Field[] = FIELDS.filter(({ rule }) => rule !== 'free')

const BY_PATH = new Map(FIELDS.map((field) => [field.path, field]))
export const fieldAt = (path: string): Field | undefined => BY_PATH.get(path)

type Shape = Readonly<Record<string, z.core.$ZodType>>

function leavesOf(shape: Shape, parents: readonly string[]): Omit<Field, 'rule'>[] {
  return Object.entries(shape).flatMap(([key, outer]) => {
    const path = [...parents, key]
    const schema = given(outer)
    if (schema instanceof z.ZodObject) return leavesOf(schema.shape, path)
    return [
      {
        path: path.join('.'),
        annotation: PREFIX + path.map(kebab).join('-'),
        schema,
        description: descriptionOf(outer) ?? descriptionOf(schema) ?? '',
      },
    ]
  })
}

/** Without the default that stands in where nothing is given. */
function given(schema: z.core.$ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional
  )
    return given(schema.def.innerType)
  if (schema instanceof z.ZodType) return schema
  throw new TypeError('ServiceSpec is made of zod types')
}

function descriptionOf(schema: z.core.$ZodType): string | undefined {
  return z.globalRegistry.get(schema)?.description
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

interface Tree {
  [key: string]: z.ZodType | Tree
}

/** A mapping in which each of `fields` may stand at its path, and nothing else. */
export function nestedSchema(fields: readonly Field[]): z.ZodObject {
  const tree: Tree = {}
  for (const { path, schema, description } of fields) {
    const keys = path.split('.')
    let here = tree
    for (const key of keys.slice(0, -1)) {
      const next = here[key]
      const branch: Tree = next === undefined || next instanceof z.ZodType ? {} : next
      here[key] = branch
      here = branch
    }
    here[keys.at(-1)!] = description === '' ? schema : schema.meta({ description })
  }
  return objectOf(tree)
}

function objectOf(tree: Tree): z.ZodObject {
  const shape = Object.entries(tree).map(([key, node]) => {
    const schema = node instanceof z.ZodType ? node : objectOf(node)
    return [key, schema.optional()] as const
  })
  return z.strictObject(Object.fromEntries(shape))
}

/** What a mapping of that form says, by path. */
export function valuesOf(nested: unknown): Values {
  const values = new Map<string, unknown>()
  for (const { path } of FIELDS) {
    const value = path.split('.').reduce(partOf, nested)
    if (value !== undefined) values.set(path, value)
  }
  return values
}

const partOf = (node: unknown, key: string): unknown =>
  typeof node === 'object' && node !== null && Object.hasOwn(node, key)
    ? Reflect.get(node, key)
    : undefined

const MODES = Mode.options

/** Whichever of the two lets a tenant do less. */
export function narrower(rule: Rule, a: unknown, b: unknown): unknown {
  if (a === undefined) return b
  if (b === undefined) return a
  const isLower = rank(a) <= rank(b)
  return (rule === 'at-least') === isLower ? b : a
}

/** Modes are ordered as they are listed: off, recommend, enforce. */
function rank(value: unknown): number {
  const mode = MODES.findIndex((one) => one === value)
  return mode >= 0 ? mode : Number(value)
}
