/**
 * Google Autopilot's horizontal autoscaling on CPU: a statistic of the usage of the last days, divided by the
 * utilization aimed at, then smoothed.
 *
 *   n_r[t] = S_{[t−T, t]} {Σ_i r_i} / r*     n_s[t] = max_{[t−T_d, t]} n_r
 *
 * Source: Rzadca et al., EuroSys 2020, §3.3: signal in windows of 5 min, T = 72 h, S the maximum or the 95th percentile;
 * deferred downscaling (T_d of 2 days for 40 % of the jobs), slow decay (half in an hour, every 5 min), small changes
 * deferred, growth limited. The decaying statistics of §3.2.2, meant for limits of one task, may stand in for S; they
 * come with their safety margin of 10–15 % and the maximum of the last hour. Usage is that of all ready replicas
 * together, in replicas. Before the run it is what the history's load would have kept busy.
 */
import { z } from 'zod'
import type { ControllerKind } from './controller.ts'
import {
  busyReplicas,
  type Decide,
  leastMeasured,
  type OneService,
  perService,
  ticksIn,
} from './per-service.ts'
import { createUsageWindow, STATISTICS } from './usage-window.ts'

const Params = z.strictObject({
  statistic: z.enum(STATISTICS).default('p95'),
  /** r*. */
  targetUtilization: z.number().gt(0).max(1).default(0.6),
  windowSeconds: z.number().positive().default(300),
  /** T of "max" and "p95". */
  horizonHours: z.number().positive().default(72),
  /** t½ of the other statistics. */
  halfLifeHours: z.number().positive().default(12),
  safetyMargin: z.number().min(0).max(1).default(0),
  /** T_d. */
  deferHours: z.number().min(0).default(48),
  /** Slow decay: half of the count goes in so long; 0: all at once. */
  halveHours: z.number().min(0).default(1),
  /** A difference of no more than this share of the count is ignored. */
  ignoreShare: z.number().min(0).max(1).default(0),
  /** Most of the replicas, as a share, that may be starting at once; 1: no limit. */
  startingShare: z.number().gt(0).max(1).default(1),
})
type Params = z.infer<typeof Params>

const TARGETS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

export const autopilot: ControllerKind<Params> = {
  kind: 'autopilot',
  source: 'Rzadca et al., Autopilot, EuroSys 2020, §3.2.2 and §3.3',
  params: Params,
  sweep: () => [
    ...(['max', 'p95'] as const).flatMap((statistic) =>
      TARGETS.map((targetUtilization) => Params.parse({ statistic, targetUtilization })),
    ),
    // shorter than the paper's, down to what reacts within the hour
    ...[24, 1].flatMap((hours) =>
      TARGETS.map((targetUtilization) =>
        Params.parse({
          statistic: 'max',
          targetUtilization,
          horizonHours: hours,
          deferHours: hours === 1 ? 0 : 1,
        }),
      ),
    ),
    ...TARGETS.map((targetUtilization) =>
      Params.parse({
        statistic: 'load-p95',
        targetUtilization,
        halfLifeHours: 1,
        safetyMargin: 0.1,
        deferHours: 1,
      }),
    ),
  ],
  create: (known, params) => perService(known, (one) => createAutopilot(one, params)),
}

const HOUR_SECONDS = 3600

function createAutopilot(one: OneService, params: Params): Decide {
  const { service, known } = one
  const ticks = ticksIn(params.windowSeconds, known.tickMs)
  const windowHours = (ticks * known.tickMs) / 1000 / HOUR_SECONDS
  const inWindows = (hours: number): number => Math.max(1, Math.round(hours / windowHours))
  const recommender = createRecommender(params, inWindows)
  const past = pastUsage(one, ticks * known.tickMs)
  const remembered = past.length - recommender.windows
  past.forEach((usage, i) => {
    recommender.add(usage)
    // older recommendations are forgotten by now
    if (i >= remembered) recommender.recommend()
  })
  const smooth = createSmoothing(params, inWindows(params.halveHours))
  let goal = recommender.wanted()
  let sum = 0
  let samples = 0
  let tick = 0
  let newestMs = Number.NEGATIVE_INFINITY
  return (_, { measuredAtMs, utilization, replicas }) => {
    if (Number.isFinite(utilization) && measuredAtMs > newestMs) {
      newestMs = measuredAtMs
      sum += utilization * replicas.ready
      samples++
    }
    const isEnd = ++tick % ticks === 0
    if (isEnd && samples > 0) {
      recommender.add(sum / samples)
      recommender.recommend()
      goal = recommender.wanted()
      sum = 0
      samples = 0
    }
    if (Number.isNaN(goal)) return Number.NaN
    return smooth(Math.max(goal, leastMeasured(service)), replicas, isEnd)
  }
}

/** Mean usage of each window before the run, in replicas, oldest first. */
function pastUsage(one: OneService, windowMs: number): number[] {
  const { service, known, history } = one
  const historyMs = history.length * known.stepMs
  return Array.from({ length: Math.floor(historyMs / windowMs) }, (_, i) => {
    const from = Math.floor((i * windowMs) / known.stepMs)
    const to = Math.max(from + 1, Math.floor(((i + 1) * windowMs) / known.stepMs))
    let sum = 0
    for (let t = from; t < to; t++) sum += history[t]!
    return busyReplicas(sum / (to - from), service)
  })
}

export interface Recommender {
  /** Recommendations that are remembered: T_d in windows. */
  readonly windows: number
  /** One window's usage. */
  add(usage: number): void
  /** n_r of now, to be remembered. */
  recommend(): void
  /** n_s: the largest that is remembered; NaN when none is. */
  wanted(): number
}

export function createRecommender(
  params: Pick<
    Params,
    | 'statistic'
    | 'targetUtilization'
    | 'horizonHours'
    | 'halfLifeHours'
    | 'safetyMargin'
    | 'deferHours'
  >,
  inWindows: (hours: number) => number,
): Recommender {
  const window = createUsageWindow(params.statistic, {
    samples: inWindows(params.horizonHours),
    halfLife: inWindows(params.halfLifeHours),
  })
  const windows = params.deferHours === 0 ? 1 : inWindows(params.deferHours)
  const recent: number[] = []
  return {
    windows,
    add: window.add,
    recommend() {
      const raw = (window.value() * (1 + params.safetyMargin)) / params.targetUtilization
      recent.push(Math.ceil(raw - 1e-9))
      if (recent.length > windows) recent.shift()
    },
    wanted: () => (recent.length === 0 ? Number.NaN : Math.max(...recent)),
  }
}

type Counts = { readonly requested: number; readonly starting: number }

/** Slow decay, small changes, growth. Replicas go at the end of a window only. */
export function createSmoothing(
  {
    halveHours,
    ignoreShare,
    startingShare,
  }: Pick<Params, 'halveHours' | 'ignoreShare' | 'startingShare'>,
  windowsToHalve: number,
): (goal: number, counts: Counts, isWindowEnd: boolean) => number {
  const keep = halveHours === 0 ? 0 : 0.5 ** (1 / windowsToHalve)
  return (goal, { requested, starting }, isWindowEnd) => {
    if (Math.abs(goal - requested) <= ignoreShare * requested) return requested
    if (goal > requested) {
      // of n replicas at most `startingShare` · n may start: (starting + x) / (requested + x) ≤ share
      if (startingShare === 1) return goal
      const room = (startingShare * requested - starting) / (1 - startingShare) + 1e-9
      return Math.min(goal, requested + Math.max(starting > 0 ? 0 : 1, Math.floor(room)))
    }
    return isWindowEnd
      ? Math.max(goal, Math.min(requested - 1, Math.ceil(requested * keep)))
      : requested
  }
}
