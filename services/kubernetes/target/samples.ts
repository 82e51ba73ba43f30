/** What the cluster shows of a service's replicas, as samples: what is not known is left out, never written as zero. Pure. */
import type { ServiceId } from '../../../forecaster/series.ts'
import type { ObservedReplicas } from '../../actuators/actuator.ts'
import type { Sample } from '../../stores/sample-store.ts'

/** The slower starts are what a decision has to wait for; the collector of the demo takes the same. */
const STARTUP_LEVEL = 0.9

export function samplesOf(service: ServiceId, seen: ObservedReplicas, atMs: number): Sample[] {
  const { ready, starting, terminating, recentStartupsMs } = seen
  const startupMs = quantile(recentStartupsMs, STARTUP_LEVEL)
  const values: [string, number | undefined][] = [
    ['ready_replicas', ready],
    ['starting_replicas', starting],
    ['terminating_replicas', terminating],
    ['startup_seconds', startupMs === undefined ? undefined : startupMs / 1000],
  ]
  return values.flatMap(([metric, value]) =>
    value === undefined ? [] : [{ service, metric, atMs, value }],
  )
}

function quantile(values: readonly number[], level: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))]
}
