/**
 * KEDA: a ScaledObject with one queue trigger. KEDA itself moves between nothing and something, the
 * HorizontalPodAutoscaler that it makes does the rest on an External metric with an AverageValue.
 *
 * Source: kedacore/keda @8b4f083 pkg/scaling/executor/scale_scaledobjects.go (activation, cooldown, idle),
 * pkg/fallback/fallback.go; defaults of ScaledObject: polling 30 s, cooldown 300 s. The queue counts what is in service
 * too, as the queue triggers do by default (unacknowledged messages of rabbitmq, in-flight ones of aws-sqs-queue, whose
 * `queueLength` of 5 is the default here). A scrape that says nothing is a trigger in error.
 */
import { z } from 'zod'
import type { HpaMetric } from '../../agents/hpa/reconcile.ts'
import { Behavior } from '../../agents/service-spec.ts'
import type { ControllerKind, Scraped } from './controller.ts'
import { createHpa } from './hpa.ts'
import { type KnownService, perService, ticksIn } from './per-service.ts'

const Fallback = z.strictObject({
  /** Errors in a row, one a sync; with ticks shorter than a sync one a tick. */
  failureThreshold: z.int().min(0).default(3),
  replicas: z.int().min(0),
  behavior: z
    .enum(['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower'])
    .default('static'),
})

const Params = z.strictObject({
  /** Requests waiting or in service that one replica (or one of its places) should have. */
  queueLength: z.number().positive().default(5),
  per: z.enum(['replica', 'place']).default('replica'),
  /** The trigger is active above it. */
  activationQueueLength: z.number().min(0).default(0),
  pollingSeconds: z.number().positive().default(30),
  /** Before nothing is left; of services that may have no replica. */
  cooldownSeconds: z.number().min(0).default(300),
  /** While the trigger is inactive; null: minReplicas. */
  idleReplicas: z.int().min(0).nullable().default(null),
  fallback: Fallback.nullable().default(null),
  behavior: Behavior.nullable().default(null),
  syncSeconds: z.number().positive().default(15),
  tolerance: z.number().min(0).max(1).default(0.1),
})
type Params = z.infer<typeof Params>

const quick = Behavior.parse({ scaleDown: { stabilizationWindowSeconds: 60 } })
const LENGTHS = [0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]

export const keda: ControllerKind<Params> = {
  kind: 'keda',
  source: 'KEDA ScaledObject with a queue trigger, pkg/scaling/executor @8b4f083',
  params: Params,
  sweep: () => [
    ...[2, 5, 10].map((queueLength) => Params.parse({ queueLength })),
    ...[null, quick].flatMap((behavior) =>
      LENGTHS.map((queueLength) => Params.parse({ queueLength, per: 'place', behavior })),
    ),
  ],
  create: (known, params) =>
    perService(known, ({ service }) => {
      const { minReplicas, maxReplicas } = service.spec
      const targetMilli = Math.round(1000 * lengthOf(params, service))
      const poll = ticksIn(params.pollingSeconds, known.tickMs)
      const trigger = createTrigger(params, targetMilli)
      const hpa = createHpa(
        {
          // what the HPA that KEDA makes may have at least; nothing is KEDA's own affair
          minReplicas: Math.max(1, minReplicas),
          maxReplicas,
          ...(params.behavior === null ? {} : { behavior: params.behavior }),
          tolerance: params.tolerance,
        },
        { syncSeconds: params.syncSeconds, tickMs: known.tickMs },
        (_, scraped) => [trigger.metric(scraped)],
      )
      const executor = createExecutor(params, minReplicas)
      let tick = 0
      return (atMs, scraped) => {
        const current = scraped.replicas.requested
        const polled = tick++ % poll === 0
        const moved = polled ? executor(atMs, current, queueOf(scraped)) : current
        // an HPA lets a count of nothing alone
        if (moved === 0) return 0
        const wish = hpa(atMs, moved === current ? scraped : withRequested(scraped, moved))
        return moved < current ? moved : wish
      }
    }),
}

const lengthOf = ({ queueLength, per }: Params, { serving }: KnownService): number =>
  queueLength * (per === 'place' ? serving.concurrency : 1)

/** NaN: the trigger is in error. */
function queueOf({ queued, inService }: Scraped): number {
  return queued + inService
}

function withRequested(scraped: Scraped, requested: number): Scraped {
  return { ...scraped, replicas: { ...scraped.replicas, requested } }
}

/** The metric as KEDA answers it: with the fallback's replicas once there were more errors in a row than allowed. */
export function createTrigger(
  { fallback }: Pick<Params, 'fallback'>,
  targetMilli: number,
): { metric(scraped: Scraped): HpaMetric } {
  let failures = 0
  return {
    metric(scraped) {
      const queue = queueOf(scraped)
      const target = { type: 'AverageValue', milli: targetMilli } as const
      const metric = { type: 'External', target, pods: [] } as const
      if (Number.isFinite(queue)) {
        failures = 0
        return { ...metric, items: [Math.ceil(queue * 1000)] }
      }
      failures++
      if (fallback === null || failures <= fallback.failureThreshold)
        return { ...metric, items: [] }
      return { ...metric, items: [targetMilli * fallbackReplicas(fallback, scraped)] }
    },
  }
}

function fallbackReplicas(
  { replicas, behavior }: NonNullable<Params['fallback']>,
  scraped: Scraped,
): number {
  const current = scraped.replicas.requested
  switch (behavior) {
    case 'static':
      return replicas
    case 'currentReplicas':
      return current
    case 'currentReplicasIfHigher':
      return Math.max(replicas, current)
    case 'currentReplicasIfLower':
      return Math.min(replicas, current)
  }
}

/** What KEDA sets by itself at a poll; `current` when it leaves the count to the HPA. */
export function createExecutor(
  params: Pick<Params, 'activationQueueLength' | 'cooldownSeconds' | 'idleReplicas' | 'fallback'>,
  minReplicas: number,
): (atMs: number, current: number, queue: number) => number {
  const { activationQueueLength, cooldownSeconds, idleReplicas, fallback } = params
  let lastActiveMs: number | undefined
  const whenActive = (atMs: number, current: number): number => {
    lastActiveMs = atMs
    const asleep = current === 0 || (idleReplicas !== null && current < minReplicas)
    return asleep ? Math.max(1, minReplicas) : current
  }
  const whenInactive = (atMs: number, current: number): number => {
    const floor = idleReplicas ?? 0
    const mayIdle = current > floor && (idleReplicas !== null || minReplicas === 0)
    if (!mayIdle) return idleReplicas === null ? Math.max(current, minReplicas) : current
    const isCold = lastActiveMs === undefined || lastActiveMs + cooldownSeconds * 1000 < atMs
    return isCold ? floor : current
  }
  return (atMs, current, queue) => {
    if (queue > activationQueueLength) return whenActive(atMs, current)
    const isError = Number.isNaN(queue)
    if (isError && (fallback === null || fallback.replicas !== 0)) return current
    return whenInactive(atMs, current)
  }
}
