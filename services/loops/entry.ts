/** What is known of one service between ticks, and how a step, or a load within one, takes it further. */
import { type CapacityState, initialCapacity, learnCapacity } from '../../agents/capacity.ts'
import { initialPlausibility, judge, type Plausibility } from '../../agents/plausibility.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { createNowcast, followTick, type Nowcast } from '../../forecaster/nowcast.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import { type Contenders, type Following, followLoad, noContenders } from '../models/contenders.ts'
import type { ClockDoubt } from './clock-doubt.ts'

export interface Entry {
  readonly service: ServiceId
  capacity: CapacityState
  /** End of the newest step with a load, and that load; NaN before any. */
  loadAtMs: number
  loadRps: number
  violationRatio: number
  latencyP95Seconds: number
  readyReplicas: number
  contenders: Contenders
  /** Whether its load can be what it says it is; absent before CPU was measured. */
  plausibility?: Plausibility | undefined
  /** What loads within a step tell of its rest; absent where ticks are no shorter than steps. */
  readonly nowcast?: Nowcast | undefined
  /** Of the clock that its age is told by; absent where time is set by hand. */
  readonly doubt?: Pick<ClockDoubt, 'behindMs'> | undefined
}

/** Of a service of which nothing was read yet. */
export function firstEntry(service: ServiceId, spec: ServiceSpec, withinSteps: boolean): Entry {
  return {
    service,
    capacity: initialCapacity(spec.capacityPerReplica, spec.slo.objective),
    loadAtMs: Number.NaN,
    loadRps: Number.NaN,
    violationRatio: Number.NaN,
    latencyP95Seconds: Number.NaN,
    readyReplicas: Number.NaN,
    contenders: noContenders(),
    nowcast: withinSteps ? createNowcast() : undefined,
  }
}

/** The newest load, measured until `atMs` within the step that ends at `stepEndMs`. Live and in experiments. */
export function followNewest(
  entry: Entry,
  loadRps: number,
  { atMs, stepEndMs, ticksAhead }: { atMs: number; stepEndMs: number; ticksAhead: number },
): void {
  if (Number.isNaN(loadRps) || atMs <= entry.loadAtMs) return
  entry.loadAtMs = atMs
  entry.loadRps = loadRps
  if (entry.nowcast) followTick(entry.nowcast, loadRps, stepEndMs, ticksAhead)
}

/** Ticks that a decision looks ahead: until what the next one starts can be ready. */
export function ticksAheadOf({ startupSeconds }: ServiceSpec, tickMs: number): number {
  return Math.ceil((startupSeconds * 1000) / tickMs) + 2
}

/** Means over one step of the grid; NaN where nothing was measured. */
export interface MeasuredStep {
  readonly loadRps: number
  readonly violationRatio: number
  readonly readyReplicas: number
  readonly latencyP95Seconds: number
  /** Of all replicas; a second signal beside the load. */
  readonly cpuCores?: number | undefined
}

/** One step later, which ended at `endMs`: newest figures, capacity and models. Live and in experiments. */
export function followStep(
  entry: Entry,
  step: MeasuredStep,
  endMs: number,
  following: Following,
): void {
  const { loadRps, violationRatio, readyReplicas } = step
  // a step in which replicas came or went says nothing of what one of them carries
  const settled = readyReplicas === entry.readyReplicas
  if (!Number.isNaN(readyReplicas)) entry.readyReplicas = readyReplicas
  entry.violationRatio = violationRatio
  entry.latencyP95Seconds = step.latencyP95Seconds
  if (step.cpuCores !== undefined)
    entry.plausibility = judge(entry.plausibility ?? initialPlausibility, loadRps, step.cpuCores)
  if (!Number.isNaN(loadRps)) {
    entry.loadRps = loadRps
    entry.loadAtMs = endMs
    if (settled) {
      const seconds = following.stepMs / 1000
      const evidence = { loadRps, readyReplicas: entry.readyReplicas, violationRatio, seconds }
      entry.capacity = learnCapacity(entry.capacity, evidence)
    }
  }
  followLoad(entry.contenders, loadRps, endMs, following)
}
