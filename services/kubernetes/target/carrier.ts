/**
 * An autoscaler that is no rival: it scales a workload by the count that we decided, which it reads off Prometheus, our
 * metrics APIs or our scaler (roads 1 to 3). Then it is the one who writes, and we only decide. One that follows the
 * forecast load works a count out for itself, by no budget: that is another opinion, and a conflict while we enforce.
 * Pure.
 */
import { z } from 'zod'
import type { ServiceId } from '../../../forecaster/series.ts'
import { DESIRED_SIGNAL } from '../signal.ts'
import type { OtherWriters } from './conflict.ts'

const Named = z.object({ metric: z.object({ name: z.string() }) }).optional()
const HpaMetrics = z.array(z.object({ external: Named, object: Named, pods: Named }))
const Triggers = z.array(
  z.object({ type: z.string(), metadata: z.record(z.string(), z.string()).default({}) }),
)

/** `spec.metrics` of a HorizontalPodAutoscaler. One that also reads others still never goes below what we decided. */
export function metricsFollow(metrics: unknown): boolean {
  const read = HpaMetrics.safeParse(metrics)
  if (!read.success) return false
  return read.data.some(({ external, object, pods }) =>
    [external, object, pods].some((one) => one?.metric.name === DESIRED_SIGNAL),
  )
}

/** `spec.triggers` of a ScaledObject. */
export function triggersFollow(triggers: unknown): boolean {
  const read = Triggers.safeParse(triggers)
  if (!read.success) return false
  return read.data.some(({ type, metadata }) => {
    switch (type) {
      case 'prometheus':
        return metadata.query?.includes(DESIRED_SIGNAL) ?? false
      case 'metrics-api':
        return metadata.url?.includes(`/signals/${DESIRED_SIGNAL}`) ?? false
      case 'external':
      case 'external-push':
        return metadata.signal === DESIRED_SIGNAL
      default:
        return false
    }
  })
}

/** Who carries our count to the workload, as people write it; undefined: we do. */
export function carrierOf({ hpas, scaledObjects }: OtherWriters): string | undefined {
  const scaled = scaledObjects.find(({ follows, isPaused }) => follows && !isPaused)
  if (scaled) return `ScaledObject ${scaled.name}`
  const hpa = hpas.find(({ follows, madeBy }) => follows && madeBy === undefined)
  return hpa && `HorizontalPodAutoscaler ${hpa.name}`
}

/** Counts that were left to a carrier, which carries them out at its own time. */
export interface HandOvers {
  given(service: ServiceId, to: number, nowMs: number): void
  /** The count on its way to a workload that has `replicas` by now; those, when nothing is, or it takes too long. */
  requested(service: ServiceId, replicas: number, nowMs: number): number
}

/**
 * A count that is read some seconds later is one that is requested, as the pods of a Deployment are. Were it not, the next
 * tick would find the old count, take the change in its rate limits for made, and want less than it had wanted: the
 * carrier would be sent up and down. After `lagMs` what is there counts: the carrier may have limits of its own.
 */
export function createHandOvers(lagMs: () => number): HandOvers {
  const open = new Map<ServiceId, { readonly to: number; readonly atMs: number }>()
  return {
    given: (service, to, nowMs) => void open.set(service, { to, atMs: nowMs }),
    requested(service, replicas, nowMs) {
      const given = open.get(service)
      if (!given) return replicas
      if (given.to !== replicas && nowMs - given.atMs <= lagMs()) return given.to
      open.delete(service)
      return replicas
    },
  }
}
