/**
 * Amazon EC2 Auto Scaling's predictive scaling in mode ForecastAndScale, beside a target tracking policy.
 *
 * From up to 14 days of history, at least 24 hours, an hourly forecast of the next 48 hours, renewed every 6. An hour's
 * forecast is the least capacity of that hour, and from `schedulingBufferSeconds` before it on; it adds, and never
 * removes: that is left to target tracking, and the larger of both counts. Source: EC2 Auto Scaling User Guide, "How
 * predictive scaling works"; API reference, PredictiveScalingConfiguration (SchedulingBufferTime 300 s,
 * MaxCapacityBreachBehavior, MaxCapacityBuffer). The model itself is closed; `hourly-profile.ts` stands in for it.
 */
import { z } from 'zod'
import type { ControllerKind, Scraped } from './controller.ts'
import { fitProfile } from './hourly-profile.ts'
import { type Decide, leastMeasured, type OneService, perService } from './per-service.ts'
import { createTargetTracking } from './target-tracking.ts'

const HOUR_MS = 3_600_000
const HISTORY_HOURS = 14 * 24
const LEAST_HOURS = 24
const RENEWED_MS = 6 * HOUR_MS
const AHEAD_MS = 48 * HOUR_MS

const Params = z.strictObject({
  /** Share of a replica's declared capacity that forecast and target tracking aim at. */
  target: z.number().gt(0).max(2).default(0.5),
  schedulingBufferSeconds: z.number().min(0).max(3599).default(300),
  maxCapacityBreachBehavior: z
    .enum(['HonorMaxCapacity', 'IncreaseMaxCapacity'])
    .default('HonorMaxCapacity'),
  /** Percent of the forecast on top, with IncreaseMaxCapacity. */
  maxCapacityBuffer: z.number().min(0).max(100).default(0),
  /** The group's MaxSize; null: maxReplicas, beyond which nothing can go. */
  maxCapacity: z.int().positive().nullable().default(null),
  upDatapoints: z.int().positive().default(3),
  downDatapoints: z.int().positive().default(15),
})
type Params = z.infer<typeof Params>

export const awsPredictive: ControllerKind<Params> = {
  kind: 'aws-predictive',
  source: 'Amazon EC2 Auto Scaling predictive scaling (ForecastAndScale) with target tracking',
  params: Params,
  sweep: () =>
    [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].flatMap((target) =>
      [900, 300].map((schedulingBufferSeconds) =>
        Params.parse({ target, schedulingBufferSeconds }),
      ),
    ),
  create: (known, params) => perService(known, (one) => createGroup(one, params)),
}

function createGroup(one: OneService, params: Params): Decide {
  const { capacityPerReplica } = one.service.spec
  const track = createTargetTracking({
    ...params,
    capacityPerReplica,
    tickMs: one.known.tickMs,
    disableScaleIn: false,
  })
  const hours = createHours(one)
  let forecast: ((hourMs: number) => number) | undefined
  let renewAtMs = Number.NEGATIVE_INFINITY
  let endsMs = Number.NEGATIVE_INFINITY
  const capacityAt = (atMs: number): number => {
    if (forecast === undefined || atMs >= endsMs) return 0
    const loadRps = forecast(Math.floor(atMs / HOUR_MS) * HOUR_MS)
    return Math.ceil(loadRps / (params.target * capacityPerReplica) - 1e-9)
  }
  return (atMs, scraped) => {
    hours.add(scraped)
    if (atMs >= renewAtMs) {
      forecast = fitProfile(hours.last(HISTORY_HOURS), LEAST_HOURS)
      renewAtMs = (Math.floor(atMs / RENEWED_MS) + 1) * RENEWED_MS
      endsMs = atMs + AHEAD_MS
    }
    const early = atMs + params.schedulingBufferSeconds * 1000
    const least = Math.max(leastMeasured(one.service), capacityAt(atMs), capacityAt(early))
    return wanted(params, one.service.spec.maxReplicas, least, track(scraped))
  }
}

/** The larger of both policies under the group's MaxSize, which only a forecast may raise. */
function wanted(params: Params, maxReplicas: number, forecast: number, tracked: number): number {
  const most = params.maxCapacity ?? maxReplicas
  if (params.maxCapacityBreachBehavior === 'HonorMaxCapacity')
    return Math.min(most, Math.max(forecast, tracked))
  const raised = Math.max(most, Math.ceil(forecast * (1 + params.maxCapacityBuffer / 100) - 1e-9))
  return Math.min(raised, Math.max(forecast, tracked))
}

/** Hourly means of the load: of the history, and of what was scraped since. */
function createHours({ known, history }: OneService): {
  add(scraped: Scraped): void
  last(count: number): { readonly startMs: number; readonly values: readonly number[] }
} {
  const { startMs, stepMs } = known
  const sums = new Map<number, { sum: number; count: number }>()
  const note = (atMs: number, value: number): void => {
    if (!Number.isFinite(value)) return
    const hour = Math.floor(atMs / HOUR_MS)
    const entry = sums.get(hour) ?? { sum: 0, count: 0 }
    entry.sum += value
    entry.count++
    sums.set(hour, entry)
  }
  for (const [i, value] of history.entries()) note(startMs - (history.length - i) * stepMs, value)
  let newestMs = startMs
  return {
    add({ measuredAtMs, loadRps }) {
      if (!(measuredAtMs > newestMs)) return
      newestMs = measuredAtMs
      note(measuredAtMs - known.tickMs, loadRps)
    },
    last(count) {
      // the hour that is running is not known yet
      const end = Math.floor(newestMs / HOUR_MS)
      const values = Array.from({ length: count }, (_, i) => {
        const entry = sums.get(end - count + i)
        return entry === undefined ? Number.NaN : entry.sum / entry.count
      })
      for (const hour of sums.keys()) if (hour < end - count) sums.delete(hour)
      return { startMs: (end - count) * HOUR_MS, values }
    },
  }
}
