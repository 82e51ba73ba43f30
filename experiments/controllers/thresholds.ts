/**
 * Static thresholds: Amazon EC2 Auto Scaling's simple and step scaling policies on mean CPU utilization.
 *
 * Step: the larger the breach, the larger the adjustment, taken of the capacity that is not warming up; a breach during
 * a warm-up adds only what is missing, and nothing is removed meanwhile. Simple: one adjustment, then a cooldown.
 * Source: EC2 Auto Scaling User Guide, "Step and simple scaling policies" (scaling adjustment types, step adjustments,
 * instance warm-up) and "Scaling cooldowns"; CloudWatch alarms with periods of 60 s. The defaults are its example.
 */
import { z } from 'zod'
import { createDatapoints } from './alarm.ts'
import type { ControllerKind, Scraped } from './controller.ts'
import { leastMeasured, perService } from './per-service.ts'

const Step = z.strictObject({
  /** Distance of the metric beyond the threshold at which this step begins, as utilization. */
  from: z.number().min(0).max(1),
  /** Replicas or percent, by `adjustmentType`; positive, also for scaling in. */
  change: z.number().positive(),
})
type Step = z.infer<typeof Step>

const Params = z
  .strictObject({
    policy: z.enum(['simple', 'step']).default('step'),
    high: z.number().gt(0).max(1).default(0.6),
    low: z.number().min(0).max(1).default(0.4),
    adjustmentType: z
      .enum(['ChangeInCapacity', 'PercentChangeInCapacity'])
      .default('PercentChangeInCapacity'),
    minAdjustmentMagnitude: z.int().positive().default(1),
    up: z
      .array(Step)
      .min(1)
      .default([
        { from: 0, change: 10 },
        { from: 0.1, change: 30 },
      ]),
    down: z
      .array(Step)
      .min(1)
      .default([
        { from: 0, change: 10 },
        { from: 0.1, change: 30 },
      ]),
    periodSeconds: z.number().positive().default(60),
    evaluationPeriods: z.int().positive().default(1),
    /** Of "simple" only. */
    cooldownSeconds: z.number().min(0).default(300),
    /** Of "step" only; a replica that is still starting counts as warming up in any case. */
    warmupSeconds: z.number().min(0).default(0),
  })
  .refine(({ low, high }) => low < high, {
    error: 'low must be below high',
    path: ['low'],
  })
type Params = z.infer<typeof Params>

export const thresholds: ControllerKind<Params> = {
  kind: 'thresholds',
  source: 'Amazon EC2 Auto Scaling User Guide, step and simple scaling policies',
  params: Params,
  sweep: () => [
    ...[0.4, 0.5, 0.6, 0.7, 0.8, 0.9].flatMap((high) =>
      [0.2, 0.4].map((gap) => Params.parse({ high, low: Math.max(0, round(high - gap)) })),
    ),
    ...[0.4, 0.6, 0.8].flatMap((high) =>
      [60, 300].map((cooldownSeconds) => {
        const one = [{ from: 0, change: 1 }]
        const adjustmentType = 'ChangeInCapacity'
        const rest = { adjustmentType, up: one, down: one, cooldownSeconds, low: round(high / 2) }
        return Params.parse({ policy: 'simple', high, ...rest })
      }),
    ),
  ],
  create: (known, params) =>
    perService(known, ({ service }) => {
      const least = leastMeasured(service)
      const points = createDatapoints(
        params.periodSeconds * 1000,
        known.tickMs,
        params.evaluationPeriods,
      )
      const group = createGroup(params)
      return (atMs, scraped) => {
        const { measuredAtMs, utilization, replicas } = scraped
        const breach = points.add(measuredAtMs, utilization) ? breachOf(params, points) : undefined
        const { requested } = replicas
        return Math.max(
          least,
          breach === undefined ? requested : group.scale(atMs, replicas, breach),
        )
      }
    }),
}

interface Breach {
  readonly direction: 1 | -1
  /** Beyond the threshold, ≥ 0. */
  readonly by: number
}

function breachOf(
  { high, low, evaluationPeriods }: Params,
  points: ReturnType<typeof createDatapoints>,
): Breach | undefined {
  if (points.all(evaluationPeriods, (value) => value >= high))
    return { direction: 1, by: points.newest() - high }
  if (points.all(evaluationPeriods, (value) => value <= low))
    return { direction: -1, by: low - points.newest() }
  return undefined
}

/** The Auto Scaling group: what is warming up, and until when nothing may change. */
export function createGroup(params: Params): {
  scale(atMs: number, replicas: Scraped['replicas'], breach: Breach): number
} {
  const launches: { readonly untilMs: number; readonly count: number }[] = []
  let quietUntilMs = Number.NEGATIVE_INFINITY
  const warming = (atMs: number, starting: number): number => {
    let count = 0
    for (const launch of launches) if (launch.untilMs > atMs) count += launch.count
    return Math.max(starting, count)
  }
  const simple = (atMs: number, requested: number, { direction, by }: Breach): number => {
    if (atMs < quietUntilMs) return requested
    quietUntilMs = atMs + params.cooldownSeconds * 1000
    return requested + adjustmentOf(params, direction, by, requested)
  }
  const step = (atMs: number, replicas: Scraped['replicas'], { direction, by }: Breach): number => {
    const { requested, starting } = replicas
    const warm = Math.min(warming(atMs, starting), requested)
    if (direction < 0)
      return warm > 0 ? requested : requested + adjustmentOf(params, -1, by, requested)
    const capacity = requested - warm
    const desired = Math.max(requested, capacity + adjustmentOf(params, 1, by, capacity))
    if (desired > requested)
      launches.push({ untilMs: atMs + params.warmupSeconds * 1000, count: desired - requested })
    while (launches.length > 0 && launches[0]!.untilMs <= atMs) launches.shift()
    return desired
  }
  return {
    scale: (atMs, replicas, breach) =>
      params.policy === 'simple'
        ? simple(atMs, replicas.requested, breach)
        : step(atMs, replicas, breach),
  }
}

/** Signed change of `capacity` replicas for a breach of `by`. */
export function adjustmentOf(
  { up, down, adjustmentType, minAdjustmentMagnitude }: Params,
  direction: 1 | -1,
  by: number,
  capacity: number,
): number {
  const { change } = stepFor(direction > 0 ? up : down, by)
  if (adjustmentType === 'ChangeInCapacity') return direction * Math.round(change)
  // "Values greater than 1 are rounded down, values between 0 and 1 are rounded to 1", of either sign; from nothing
  // a percentage adds nothing, so that the least magnitude decides
  const magnitude = Math.max(1, Math.floor((capacity * change) / 100 + 1e-9))
  return direction * Math.max(magnitude, minAdjustmentMagnitude)
}

/** The last step whose bound the breach reaches: a bound belongs to the step that begins there. */
function stepFor(steps: readonly Step[], by: number): Step {
  let found = steps[0]!
  for (const step of steps) if (by >= step.from - 1e-9) found = step
  return found
}

const round = (value: number): number => Math.round(value * 100) / 100
