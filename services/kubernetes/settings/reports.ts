/** What became of each object that was read: which services it speaks for, and what of it was not taken. */
import type { ServiceId } from '../../../forecaster/series.ts'
import type { ObjectRef, Seen, SettingFault } from './seen.ts'

/** What became of one object. */
export interface ObjectReport {
  readonly object: ObjectRef
  readonly generation: number
  /** The services that it speaks for, in their order. */
  readonly services: readonly ServiceId[]
  readonly faults: readonly SettingFault[]
  /** Whether a Budget holds it below what was asked for. */
  readonly budgetBound: boolean
}

export interface Report {
  readonly object: ObjectRef
  readonly generation: number
  readonly services: Set<ServiceId>
  readonly faults: SettingFault[]
  budgetBound: boolean
}

export interface Reports {
  of(object: ObjectRef): Report
  all(): Iterable<Report>
  /** Of the objects that speak for anything, or try to. */
  list(): ObjectReport[]
}

export function openReports(seen: Seen): Reports {
  const byKey = new Map<string, Report>()
  const add = (object: ObjectRef, generation: number) =>
    byKey.set(keyOf(object), {
      object,
      generation,
      services: new Set(),
      faults: [],
      budgetBound: false,
    })
  for (const { object } of seen.workloads) add(object, 0)
  for (const { object, generation } of seen.policies) add(object, generation)
  for (const { object, generation } of seen.budgets) add(object, generation)
  if (seen.globals) add(seen.globals.object, 0)
  return {
    of: (object) => byKey.get(keyOf(object))!,
    all: () => byKey.values(),
    list: () =>
      [...byKey]
        .filter(([, one]) => one.object.kind in ALWAYS || one.services.size + one.faults.length > 0)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { services, ...report }]) => ({ ...report, services: [...services].sort() })),
  }
}

/** A workload without annotations is nobody's business; these are there to be answered. */
const ALWAYS = { ScalingPolicy: true, Budget: true, ConfigMap: true }

export const keyOf = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind}/${namespace}/${name}`
