/**
 * An autoscaler that is no rival: it scales a workload by the count that we decided, which it reads off Prometheus, our
 * metrics APIs or our scaler (roads 1 to 3). Then it is the one who writes, and we only decide. One that follows the
 * forecast load works a count out for itself, by no budget: that is another opinion, and a conflict while we enforce.
 * Pure.
 */
import { z } from 'zod'
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
