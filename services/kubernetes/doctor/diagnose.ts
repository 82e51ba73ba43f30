/**
 * The dead-band doctor: which of Forescale's decisions an autoscaler will swallow, cut or delay, by the HPA's own rules
 * (agents/hpa), and how each is mended. Pure.
 */
import {
  type DeadBand,
  deadBandAt,
  type Fate,
  fateOf,
  type SignalForm,
} from '../../../agents/hpa/dead-band.ts'
import { type HpaSpec, toleranceOf } from '../../../agents/hpa/reconcile.ts'
import type { Autoscaler } from './autoscaler.ts'
import { type ServiceFacts, type Trap, trapsOf } from './traps.ts'

/** What the cluster's controller manager was started with. */
export interface ClusterFacts {
  readonly tolerance: number
  readonly syncMs: number
  readonly downscaleStabilizationMs: number
  /** Whether `behavior.*.tolerance` is kept; undefined: nobody asked the cluster. */
  readonly hasTolerance: boolean | undefined
}

/** A decision as the controller made it. */
export interface Decided {
  readonly from: number
  readonly to: number
}

export interface DiagnoseInput {
  readonly all: readonly Autoscaler[]
  readonly cluster: ClusterFacts
  readonly leadSeconds: number | undefined
  /** Replica counts to look at; chosen when empty. */
  readonly at: readonly number[]
  readonly service?: ServiceFacts | undefined
  /** Changes that were decided, to be tried on it. */
  readonly decided?: readonly Decided[] | undefined
}

export interface SwallowedRow {
  readonly current: number
  /** Other counts inside the bounds that are never carried out. */
  readonly swallowed: readonly number[]
  /** Fewest replicas more, and less, that are; null: none within the bounds. */
  readonly smallestUp: number | null
  readonly smallestDown: number | null
  /** What becomes of a wish for twice, and for half as many. */
  readonly doubled: Fate & { readonly wanted: number }
  readonly halved: Fate & { readonly wanted: number }
}

export interface TriedDecisions {
  readonly changes: number
  readonly swallowed: number
  /** The most frequent ones that are swallowed. */
  readonly examples: readonly (Decided & { readonly times: number })[]
}

export interface Diagnosis {
  readonly kind: Autoscaler['kind']
  readonly name: string
  readonly namespace: string
  readonly place: string
  readonly target: string
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly form: SignalForm
  /** The metric that Forescale makes; null: none, and what follows holds if one were added. */
  readonly metric: string | null
  readonly toleranceUp: number
  readonly toleranceDown: number
  readonly rows: readonly SwallowedRow[]
  readonly tried: TriedDecisions | null
  /** How what is swallowed is mended, the best first; empty where nothing is. */
  readonly fixes: readonly string[]
  readonly traps: readonly Trap[]
}

const EXAMPLES_SHOWN = 5
const MOST_ROWS = 8

export function diagnose(autoscaler: Autoscaler, input: DiagnoseInput): Diagnosis {
  const { cluster } = input
  const spec = specOf(autoscaler, cluster)
  const minReplicas = spec.minReplicas ?? 1
  const isKeda = autoscaler.kind === 'ScaledObject'
  const ours = autoscaler.metrics.find((metric) => metric.ours !== undefined)
  const form = ours?.ours ?? 'replicas'
  const tolerance = toleranceOf(spec)
  const rows = countsOf(autoscaler, minReplicas, input.at).map((current) => {
    const band = within(deadBandAt(current, tolerance, form), minReplicas, spec.maxReplicas)
    const fate = (wanted: number) => ({
      wanted,
      ...fateOf({ spec, current, wanted, form, syncMs: cluster.syncMs }),
    })
    return { current, ...band, doubled: fate(current * 2), halved: fate(Math.floor(current / 2)) }
  })
  const { kind, name, namespace, place, target, maxReplicas } = autoscaler
  const swallows = rows.some(({ swallowed }) => swallowed.length > 0)
  return {
    ...{ kind, name, namespace, place, maxReplicas, form, rows, ...tolerance },
    minReplicas: autoscaler.minReplicas ?? (isKeda ? 0 : 1),
    target: `${target.kind} ${target.name}`,
    metric: ours?.label ?? null,
    tried: input.decided === undefined ? null : tryOn(spec, form, input.decided),
    fixes: swallows ? fixesOf(autoscaler, form, cluster) : [],
    traps: trapsOf(autoscaler, { ...input, all: input.all }),
  }
}

function specOf(
  { kind, minReplicas, maxReplicas, behavior }: Autoscaler,
  cluster: ClusterFacts,
): HpaSpec {
  // below one replica KEDA scales by itself; its HPA never goes under one
  const least = kind === 'ScaledObject' ? Math.max(1, minReplicas ?? 0) : (minReplicas ?? 1)
  const { tolerance, downscaleStabilizationMs } = cluster
  return {
    ...{ minReplicas: least, maxReplicas, tolerance, downscaleStabilizationMs },
    ...(behavior ? { behavior } : {}),
  }
}

/** The bounds, what runs now, and the usual steps between: each ≥ 1. */
function countsOf(
  { maxReplicas, currentReplicas }: Autoscaler,
  minReplicas: number,
  at: readonly number[],
): number[] {
  const inside = (count: number) => count >= Math.max(1, minReplicas) && count <= maxReplicas
  if (at.length > 0) return [...new Set(at)].sort((a, b) => a - b)
  const steps = [1, 10, 100, 1000].flatMap((ten) => [ten, 2 * ten, 5 * ten])
  const own = currentReplicas === undefined ? [] : [currentReplicas]
  const all = [minReplicas, ...own, ...steps, maxReplicas].filter(inside)
  const sorted = [...new Set(all)].sort((a, b) => a - b)
  // the small ones have no dead band
  return sorted.length <= MOST_ROWS ? sorted : sorted.slice(-MOST_ROWS)
}

function within({ current, from, to }: DeadBand, min: number, max: number) {
  const first = Math.max(from, min)
  const last = Math.min(to, max)
  const swallowed: number[] = []
  for (let count = first; count <= last; count++) if (count !== current) swallowed.push(count)
  return {
    swallowed,
    smallestUp: to + 1 <= max ? to + 1 - current : null,
    smallestDown: from - 1 >= min && from > 0 ? current - from + 1 : null,
  }
}

/** Each decided change, tried where it was made: swallowed when the autoscaler would have left all as it was. */
function tryOn(spec: HpaSpec, form: SignalForm, decided: readonly Decided[]): TriedDecisions {
  const changes = decided.filter(({ from, to }) => from !== to && from > 0)
  const lost = changes.filter(({ from, to }) => {
    const { reached, by } = fateOf({ spec, current: from, wanted: to, form })
    return by !== undefined && reached === from
  })
  const counted = Map.groupBy(lost, ({ from, to }) => `${from} ${to}`)
  const examples = [...counted.values()]
    .map((same) => ({ ...same[0]!, times: same.length }))
    .sort((a, b) => b.times - a.times || a.from - b.from || a.to - b.to)
    .slice(0, EXAMPLES_SHOWN)
    .map(({ from, to, times }) => ({ from, to, times }))
  return { changes: changes.length, swallowed: lost.length, examples }
}

function fixesOf(
  { kind, name }: Autoscaler,
  form: SignalForm,
  { hasTolerance }: ClusterFacts,
): string[] {
  const place =
    kind === 'HorizontalPodAutoscaler'
      ? 'spec.behavior'
      : 'spec.advanced.horizontalPodAutoscalerConfig.behavior'
  const known =
    hasTolerance === undefined
      ? 'where the cluster has it: Kubernetes 1.35, or 1.33 with the gate HPAConfigurableTolerance'
      : 'this cluster has it'
  return [
    ...(hasTolerance === false
      ? []
      : [`${place}.scaleUp.tolerance: "0" and scaleDown.tolerance: "0" (${known})`]),
    ...(form === 'replicas'
      ? [
          `forescale k8s manifest ${name} --carry load: the band is then one of load: what it swallows is utilization within the tolerance, and no decision`,
        ]
      : []),
    'raise minReplicas to what must never be missing: a bound is outside the tolerance',
    `forescale k8s manifest ${name} --road direct: Forescale writes the count itself`,
  ]
}
