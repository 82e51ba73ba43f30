/**
 * The HorizontalPodAutoscaler of Kubernetes, autoscaling/v2: the whole controller of `agents/hpa/`, fed with pods.
 *
 * Source: kubernetes/kubernetes pkg/controller/podautoscaler/{horizontal,replica_calculator}.go (@27e2e3ff); defaults of
 * pkg/controller/podautoscaler/config/v1alpha1/defaults.go: sync every 15 s, tolerance 0.1, downscale stabilization
 * 300 s, CPU initialization 5 min, initial readiness 30 s; and of pkg/apis/autoscaling/v2/defaults.go: 80 % CPU.
 */
import { z } from 'zod'
import { emptyMemory } from '../../agents/hpa/normalize.ts'
import { type HpaMetric, type HpaSpec, reconcile } from '../../agents/hpa/reconcile.ts'
import { Behavior } from '../../agents/service-spec.ts'
import type { ControllerKind, Scraped } from './controller.ts'
import { createPodView } from './hpa-pods.ts'
import {
  type Decide,
  type KnownService,
  leastMeasured,
  perService,
  ticksIn,
} from './per-service.ts'

export const HpaMetricParams = {
  /** cpu: Resource metric, Utilization · pods-rps: Pods metric · external-rps: External metric, AverageValue. */
  metric: z.enum(['cpu', 'pods-rps', 'external-rps']).default('cpu'),
  /** cpu: share of a replica's places · *-rps: share of its declared capacity. */
  target: z.number().gt(0).max(2).default(0.8),
  tolerance: z.number().min(0).max(1).default(0.1),
} as const

const Params = z.strictObject({
  ...HpaMetricParams,
  /** `spec.behavior`; null: the manifest has none. */
  behavior: Behavior.nullable().default(null),
  /** The controller manager's flags. */
  syncSeconds: z.number().positive().default(15),
  downscaleStabilizationSeconds: z.number().min(0).default(300),
})
type Params = z.infer<typeof Params>

const TARGETS = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]

/** Behaviours that manifests carry: none, a quick and a slow way down. */
const quick = Behavior.parse({ scaleDown: { stabilizationWindowSeconds: 60 } })
const slow = Behavior.parse({
  scaleDown: {
    stabilizationWindowSeconds: 600,
    policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }],
  },
})

export const hpa: ControllerKind<Params> = {
  kind: 'hpa',
  source:
    'Kubernetes HorizontalPodAutoscaler (autoscaling/v2), pkg/controller/podautoscaler @27e2e3ff',
  params: Params,
  sweep: () =>
    [slow, null, quick].flatMap((behavior) =>
      (['cpu', 'external-rps'] as const).flatMap((metric) =>
        TARGETS.map((target) => Params.parse({ metric, target, behavior })),
      ),
    ),
  create: (known, params) =>
    perService(known, ({ service }) => {
      const view = createMetricView(service, known.tickMs, params)
      return createHpa(
        {
          minReplicas: leastOf(service, params.metric),
          maxReplicas: service.spec.maxReplicas,
          ...(params.behavior === null ? {} : { behavior: params.behavior }),
          tolerance: params.tolerance,
          downscaleStabilizationMs: params.downscaleStabilizationSeconds * 1000,
        },
        { syncSeconds: params.syncSeconds, tickMs: known.tickMs },
        (atMs, scraped) => [view(atMs, scraped)],
      )
    }),
}

/** Only an HPA on External or Object metrics may have `minReplicas` 0: the others need a pod to measure. */
export function leastOf(service: KnownService, metric: Params['metric']): number {
  return metric === 'external-rps' ? service.spec.minReplicas : leastMeasured(service)
}

/**
 * One HorizontalPodAutoscaler. A sync period is rounded to whole ticks; a tick that is longer holds several syncs, on
 * the same metrics, with the pods that the one before asked for pending: so that limits on what may be added in a sync
 * mean the same. Once a sync takes something away, the tick is over.
 */
export function createHpa(
  spec: HpaSpec,
  { syncSeconds, tickMs }: { readonly syncSeconds: number; readonly tickMs: number },
  metricsOf: (atMs: number, scraped: Scraped) => readonly HpaMetric[],
): Decide {
  const ticks = ticksIn(syncSeconds, tickMs)
  const syncs = Math.max(1, Math.round(tickMs / (syncSeconds * 1000)))
  let memory = emptyMemory
  let tick = 0
  return (atMs, scraped) => {
    // none at all is an owner's switch in Kubernetes; here it is where the run began
    let requested = Math.max(scraped.replicas.requested, spec.minReplicas ?? 1)
    let seen = metricsOf(atMs, scraped)
    if (tick++ % ticks !== 0) return requested
    let { replicas } = scraped
    for (let sync = 1; sync <= syncs; sync++) {
      const nowMs = atMs - ((syncs - sync) * tickMs) / syncs
      const statusReplicas = replicas.ready + replicas.starting
      const input = { spec, specReplicas: requested, statusReplicas, metrics: seen, memory, nowMs }
      const result = reconcile(input)
      memory = result.memory
      const added = result.replicas - requested
      requested = result.replicas
      if (added < 0 || sync === syncs) break
      replicas = { ...replicas, requested, starting: replicas.starting + added }
      seen = metricsOf(atMs, { ...scraped, replicas })
    }
    return requested
  }
}

type MetricParams = Pick<Params, 'metric' | 'target'>

/** The one metric of the manifest at each tick; to be called every tick, since it remembers the pods. */
export function createMetricView(
  service: KnownService,
  tickMs: number,
  { metric, target }: MetricParams,
): (atMs: number, scraped: Scraped) => HpaMetric {
  const { capacityPerReplica, startupSeconds } = service.spec
  const view = createPodView(tickMs, startupSeconds * 1000)
  const targetMilli = Math.max(1, Math.round(1000 * target * capacityPerReplica))
  return (atMs, scraped) => {
    const { loadRps, utilization, replicas } = scraped
    if (metric === 'cpu') {
      const pods = view.pods(atMs, scraped, utilization)
      const percent = Math.max(1, Math.round(target * 100))
      return { type: 'Resource', resource: 'cpu', target: { type: 'Utilization', percent }, pods }
    }
    if (metric === 'pods-rps') {
      const pods = view.pods(atMs, scraped, loadRps / replicas.ready)
      return { type: 'Pods', targetMilli, pods }
    }
    const items = Number.isFinite(loadRps) ? [Math.ceil(loadRps * 1000)] : []
    return {
      type: 'External',
      target: { type: 'AverageValue', milli: targetMilli },
      items,
      pods: [],
    }
  }
}
