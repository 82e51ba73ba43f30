/**
 * From what was said to a ServiceSpec: layers in their order, then the administrator's limits, then what settings must be to
 * one another. A tenant may only narrow: whatever is said, no limit is passed, and what would pass it is told.
 */
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { FIELDS, fieldAt, LIMITED, narrower, type Values } from './fields.ts'
import { type SettingFault, shown } from './seen.ts'

/** The narrower of several limits, setting by setting. */
export function tightest(...limits: readonly Values[]): Values {
  const all = new Map<string, unknown>()
  for (const { path, rule } of LIMITED) {
    const bound = limits.reduce<unknown>(
      (known, one) => narrower(rule, known, one.get(path)),
      undefined,
    )
    if (bound !== undefined) all.set(path, bound)
  }
  return all
}

/** What a spec in the configuration allows its tenant: itself. */
export function limitsOfSpec(spec: ServiceSpec): Values {
  const own = new Map<string, unknown>()
  for (const { path } of LIMITED) {
    const value = readAt(spec, path)
    if (value !== undefined) own.set(path, value)
  }
  return own
}

export interface Layer {
  /** As a fault names the setting: an annotation, or a path. Absent: an administrator's, whose excess is no fault. */
  readonly nameOf?: (path: string) => string
  readonly values: Values
}

export interface Narrowed {
  readonly spec: ServiceSpec
  readonly faults: readonly SettingFault[]
}

/**
 * `layers` from the weakest to the strongest, over `base`. A later layer's value stands; it is then brought within `limits`.
 * A minimum above the maximum is lowered to it, for the maximum is what money depends on.
 */
export function specFrom(base: ServiceSpec, layers: readonly Layer[], limits: Values): Narrowed {
  const faults: SettingFault[] = []
  const values = new Map<string, unknown>()
  const speaker = (path: string) => layers.findLast((one) => one.values.has(path))
  function narrowed(path: string, said: unknown, message: string): void {
    const field = speaker(path)?.nameOf?.(path)
    if (field !== undefined) faults.push({ kind: 'narrowed', field, value: shown(said), message })
  }
  for (const { path, rule } of FIELDS) {
    const said = speaker(path)?.values.get(path)
    const bound = rule === 'free' ? undefined : limits.get(path)
    // what nobody says may still be more than a limit allows
    const kept = bound === undefined ? said : narrower(rule, said ?? readAt(base, path), bound)
    if (kept !== undefined) values.set(path, kept)
    if (kept !== said) narrowed(path, said, `the limit is ${shown(kept)}, which stands`)
  }
  const fewest = Number(values.get('minReplicas') ?? base.minReplicas)
  const most = Number(values.get('maxReplicas') ?? base.maxReplicas)
  if (fewest > most) {
    values.set('minReplicas', most)
    narrowed('minReplicas', fewest, `maxReplicas is ${most}, which stands for both`)
  }
  return { spec: withValues(base, values), faults }
}

const readAt = (spec: ServiceSpec, path: string): unknown =>
  path.split('.').reduce<unknown>((node, key) => Reflect.get(Object(node), key), spec)

/** Throws where a value is not one that its field takes: callers have checked each. */
function withValues(base: ServiceSpec, values: Values): ServiceSpec {
  const next = structuredClone(base)
  for (const [path, value] of values) {
    if (!fieldAt(path)) throw new RangeError(`${path} is no field of a tenant`)
    const keys = path.split('.')
    const parent = keys.slice(0, -1).reduce<object>((node, key) => Reflect.get(node, key), next)
    Reflect.set(parent, keys.at(-1)!, value)
  }
  return ServiceSpec.parse(next)
}
