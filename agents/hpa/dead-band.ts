/**
 * What a HorizontalPodAutoscaler makes of a wish for another count, and which wishes it swallows.
 *
 * Inside the tolerance nothing is carried out, however long the wish stands; bounds and a disabled direction cut it;
 * stabilization and rate policies delay it, and a rate policy may bring the count so near that the tolerance swallows the
 * rest. The way there is the whole controller's (`reconcile`), pass by pass, as after a long time at `current`.
 */
import { isWithinTolerance, type Tolerance } from './metrics.ts'
import type { HpaMemory } from './normalize.ts'
import { type HpaSpec, reconcile } from './reconcile.ts'

const SYNC_MS = 15_000
const WATCHED_MS = 60 * 60_000
const MILLI = 1000

/**
 * What the metric says. replicas: the count itself, with target 1 a replica. load: load, with the load of one replica as
 * target; a wish then stands for every load that needs so many replicas.
 */
export type SignalForm = 'replicas' | 'load'

/** Wishes from `from` to `to`, both included, that nothing comes of at `current` replicas. */
export interface DeadBand {
  readonly current: number
  readonly from: number
  readonly to: number
}

/** Of `load` only wishes that are swallowed whatever the load behind them. `current` ≥ 1. */
export function deadBandAt(current: number, tolerance: Tolerance, form: SignalForm): DeadBand {
  const isSwallowed = (wanted: number): boolean =>
    isWithinTolerance(mostTellingMilli(current, wanted, form) / (current * MILLI), tolerance)
  let from = current
  while (from > 0 && isSwallowed(from - 1)) from--
  let to = current
  while (isSwallowed(to + 1)) to++
  return { current, from, to }
}

/** Of the signals that ask for `wanted` the one furthest from `current`, in thousandths of a replica's target. */
function mostTellingMilli(current: number, wanted: number, form: SignalForm): number {
  const isLowest = form === 'load' && wanted < current && wanted > 0
  return isLowest ? (wanted - 1) * MILLI + 1 : wanted * MILLI
}

export type Swallower = 'tolerance' | 'min-replicas' | 'max-replicas' | 'disabled' | 'rate-limit'

export interface Wish {
  readonly spec: HpaSpec
  /** Replicas that there have been for long, ≥ 1. */
  readonly current: number
  readonly wanted: number
  readonly form: SignalForm
  /** Time between two passes of the controller. */
  readonly syncMs?: number
  /** How long the wish stands. */
  readonly withinMs?: number
}

export interface Fate {
  /** Replicas when the wish has stood for so long. */
  readonly reached: number
  /** From the first pass that knows the wish to the count `reached`; 0 when nothing changed. */
  readonly afterMs: number
  /** What keeps the rest from being carried out; undefined: all of it was. */
  readonly by: Swallower | undefined
  /** What made the first pass hold back something that a later one carried out. */
  readonly delayedBy: 'stabilization' | 'rate-limit' | undefined
}

export function fateOf(wish: Wish): Fate {
  const { spec, current, wanted, form, syncMs = SYNC_MS, withinMs = WATCHED_MS } = wish
  const total = mostTellingMilli(current, wanted, form)
  const target = { type: 'AverageValue', milli: MILLI } as const
  const metrics = [{ type: 'External', target, items: [total], pods: [] }] as const
  let memory: HpaMemory = {
    recommendations: [{ atMs: -syncMs, replicas: current }],
    scaleUps: [],
    scaleDowns: [],
  }
  let replicas = current
  let afterMs = 0
  let limitedBy = 'none'
  let delayedBy: Fate['delayedBy']
  for (let nowMs = 0; nowMs <= withinMs && (nowMs === 0 || replicas !== wanted); nowMs += syncMs) {
    const pass = reconcile({ spec, specReplicas: replicas, metrics, memory, nowMs })
    if (pass.replicas !== replicas) afterMs = nowMs
    if (nowMs === 0 && (pass.limitedBy === 'stabilization' || pass.limitedBy === 'rate-limit'))
      delayedBy = pass.limitedBy
    ;({ replicas, memory, limitedBy } = pass)
  }
  const by = replicas === wanted ? undefined : swallowerOf(limitedBy, wish, replicas)
  return { reached: replicas, afterMs, by, delayedBy: afterMs > 0 ? delayedBy : undefined }
}

function swallowerOf(limitedBy: string, { spec, wanted }: Wish, replicas: number): Swallower {
  const side = wanted > replicas ? spec.behavior?.scaleUp : spec.behavior?.scaleDown
  if (limitedBy === 'max-replicas' || limitedBy === 'min-replicas') return limitedBy
  if (limitedBy === 'none') return boundOf(spec, wanted, replicas) ?? 'tolerance'
  return side?.selectPolicy === 'Disabled' ? 'disabled' : 'rate-limit'
}

/** At a bound already, and asked to pass it. */
function boundOf(
  { minReplicas = 1, maxReplicas }: HpaSpec,
  wanted: number,
  replicas: number,
): Swallower | undefined {
  if (wanted > maxReplicas && replicas === maxReplicas) return 'max-replicas'
  return wanted < minReplicas && replicas === minReplicas ? 'min-replicas' : undefined
}

export interface SmallestStep {
  readonly replicas: number
  /** Fewest replicas that a metric of desired replicas must ask for more, or less; null: the bounds allow none. */
  readonly up: number
  readonly down: number | null
}

/** Of a metric of desired replicas with target 1, at `replicas`. */
export function smallestStep(replicas: number, tolerance: Tolerance): SmallestStep {
  const { from, to } = deadBandAt(replicas, tolerance, 'replicas')
  return { replicas, up: to + 1 - replicas, down: from > 0 ? replicas - from + 1 : null }
}
