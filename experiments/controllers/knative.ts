/**
 * Knative's pod autoscaler (KPA): means over a stable and a panic window, divided by the target of one pod.
 *
 * Source: knative/serving pkg/autoscaler/scaling/autoscaler.go, `Scale` (@00a4a55), pkg/autoscaler/aggregation/max,
 * defaults of pkg/autoscaler/config/config.go. Upstream decides every 2 s; a longer tick runs as many decisions on the
 * same windows, with the pods that were told to go gone: only so the rate limits mean the same. Windows are of whole
 * ticks, one at least. In-flight requests are the busy places and those that wait, as queue-proxy counts them.
 */
import { z } from 'zod'
import type { ControllerKind, Scraped } from './controller.ts'
import { type KnownService, perService } from './per-service.ts'
import { createTimedMean } from './timed-mean.ts'

const TICK_SECONDS = 2

const Params = z
  .strictObject({
    metric: z.enum(['concurrency', 'rps']).default('concurrency'),
    /** Share of a pod's places (concurrency) or of its declared capacity (rps) to be used. */
    targetUtilization: z.number().gt(0).max(1).default(0.7),
    stableWindowSeconds: z.number().min(6).max(3600).default(60),
    panicWindowPercentage: z.number().min(1).max(100).default(10),
    panicThresholdPercentage: z.number().min(110).max(1000).default(200),
    maxScaleUpRate: z.number().gt(1).default(1000),
    maxScaleDownRate: z.number().gt(1).default(2),
    scaleDownDelaySeconds: z.number().min(0).max(3600).default(0),
    activationScale: z.int().min(1).default(1),
  })
  .meta({ description: 'config-autoscaler; names are its keys.' })
type Params = z.infer<typeof Params>

const TARGETS = [0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]

export const knative: ControllerKind<Params> = {
  kind: 'knative',
  source: 'Knative Serving KPA, pkg/autoscaler/scaling/autoscaler.go @00a4a55',
  params: Params,
  sweep: () => [
    ...[900, 300, 0].flatMap((scaleDownDelaySeconds) =>
      TARGETS.map((targetUtilization) =>
        Params.parse({ targetUtilization, scaleDownDelaySeconds }),
      ),
    ),
    ...TARGETS.map((targetUtilization) => Params.parse({ metric: 'rps', targetUtilization })),
    ...[0.5, 0.7, 0.9].map((targetUtilization) =>
      Params.parse({ targetUtilization, stableWindowSeconds: 300, panicThresholdPercentage: 150 }),
    ),
  ],
  create: (known, params) =>
    perService(known, ({ service }) => {
      const stableMs = params.stableWindowSeconds * 1000
      const panicMs = (stableMs * params.panicWindowPercentage) / 100
      const stable = createTimedMean(stableMs, known.tickMs)
      const panic = createTimedMean(panicMs, known.tickMs)
      const repeats = Math.max(1, Math.round(known.tickMs / 1000 / TICK_SECONDS))
      const target = targetValueOf(service, params)
      let kpa: Kpa | undefined
      return (atMs, scraped) => {
        const { ready } = scraped.replicas
        kpa ??= createKpa({ ...params, target }, ready, atMs)
        const value = params.metric === 'rps' ? scraped.loadRps : inFlight(scraped, service)
        const observed = {
          stable: stable.add(scraped.measuredAtMs, value, atMs),
          panic: panic.add(scraped.measuredAtMs, value, atMs),
        }
        let pods = ready
        let wish = Number.NaN
        for (let i = 0; i < repeats; i++) {
          wish = kpa.scale(atMs, pods, observed)
          if (Number.isNaN(wish)) return wish
          pods = Math.min(pods, Math.max(wish, service.spec.minReplicas))
        }
        return wish
      }
    }),
}

function targetValueOf({ serving, spec }: KnownService, params: Params): number {
  const { metric, targetUtilization } = params
  return targetUtilization * (metric === 'rps' ? spec.capacityPerReplica : serving.concurrency)
}

/** Mean requests in pods and before them; without a pod what the activator holds. */
function inFlight(
  { replicas, utilization, queued, inService, loadRps }: Scraped,
  service: KnownService,
): number {
  const { concurrency, serviceTime } = service.serving
  if (replicas.ready > 0 && Number.isFinite(utilization))
    return utilization * replicas.ready * concurrency + queued
  return Math.max(queued + inService, loadRps * serviceTime.meanSeconds)
}

export interface KpaSpec extends Params {
  /** Of one pod, in the metric's unit. */
  readonly target: number
}

export interface Observed {
  /** Means over the two windows; NaN: no data. */
  readonly stable: number
  readonly panic: number
}

export interface Kpa {
  /** Pods wanted, NaN when it cannot say. `ready` are those that serve now. */
  scale(atMs: number, ready: number, observed: Observed): number
}

/** Starts in panic mode when more than one pod is ready, lest a restart scale down on no data. */
export function createKpa(spec: KpaSpec, readyAtStart: number, startMs: number): Kpa {
  const delay = createDelay(spec.scaleDownDelaySeconds * 1000)
  let panicSinceMs = readyAtStart > 1 ? startMs : undefined
  let mostPanicPods = readyAtStart
  return {
    scale(atMs, ready, observed) {
      if (!Number.isFinite(observed.stable) || !Number.isFinite(observed.panic)) return Number.NaN
      const pods = Math.max(1, ready)
      const wishStable = desired(spec, pods, observed.stable)
      const wishPanic = desired(spec, pods, observed.panic)
      const over =
        Math.ceil(observed.panic / spec.target) / pods >= spec.panicThresholdPercentage / 100
      if (over) panicSinceMs = atMs
      else if (
        panicSinceMs !== undefined &&
        panicSinceMs + spec.stableWindowSeconds * 1000 < atMs
      ) {
        panicSinceMs = undefined
        mostPanicPods = 0
      }
      if (panicSinceMs === undefined) return delay(atMs, wishStable)
      // nothing is taken away in panic mode, and the larger of both windows counts
      mostPanicPods = Math.max(mostPanicPods, wishStable, wishPanic)
      return delay(atMs, mostPanicPods)
    },
  }
}

/** Within the rates of `pods`; rounded up on the way up, so that a slow rate cannot stand still. */
function desired(spec: KpaSpec, pods: number, observed: number): number {
  const wish = Math.ceil(observed / spec.target)
  const most = Math.ceil(spec.maxScaleUpRate * pods)
  const least = Math.floor(pods / spec.maxScaleDownRate)
  const limited = Math.min(Math.max(wish, least), most)
  return wish > 0 ? Math.max(limited, spec.activationScale > 1 ? spec.activationScale : 0) : limited
}

/** The largest wish of the last `delayMs`, open at its old end. */
function createDelay(delayMs: number): (atMs: number, wish: number) => number {
  const kept: { readonly atMs: number; readonly wish: number }[] = []
  return (atMs, wish) => {
    if (delayMs === 0) return wish
    while (kept.length > 0 && kept.at(-1)!.wish <= wish) kept.pop()
    kept.push({ atMs, wish })
    while (kept[0]!.atMs <= atMs - delayMs) kept.shift()
    return kept[0]!.wish
  }
}
