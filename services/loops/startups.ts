/** How long replicas lately took to start, by service: what the store said last stands while it does not answer. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { SampleStore } from '../stores/sample-store.ts'

const SECOND_MS = 1000

/** Start-up times, ms. */
export function createStartups(
  store: Pick<SampleStore, 'latest'>,
  nowMs: () => number,
): () => Promise<ReadonlyMap<ServiceId, number>> {
  let known: ReadonlyMap<ServiceId, number> = new Map()
  return async () => {
    try {
      const latest = await store.latest('startup_seconds', nowMs())
      known = new Map([...latest].map(([service, { value }]) => [service, value * SECOND_MS]))
    } catch {
      // that it does not answer is told by whoever reads the loads
    }
    return known
  }
}
