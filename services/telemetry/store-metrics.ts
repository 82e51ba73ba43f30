/** How the store of samples fares, where it has a server that may be away. */
import type { SampleStore } from '../stores/sample-store.ts'
import type { Scrape } from './scrape.ts'

export function storeMetrics(scrape: Scrape, store: Pick<SampleStore, 'health'>): void {
  const health = store.health?.()
  if (health === undefined) return
  scrape.gauge(
    'forescale_store_degraded',
    '1 while ticks go on without the server of the store, else 0.',
    [{ value: health.state === 'degraded' ? 1 : 0 }],
  )
  scrape.gauge(
    'forescale_store_pending_samples',
    'Samples that were acknowledged and not yet written to the server.',
    [{ value: health.pendingSamples }],
  )
  scrape.counter(
    'forescale_store_events_total',
    'What happened between us and the server of the store: samples sent and refused, writes and reads that failed.',
    Object.entries(health.counts).map(([event, value]) => ({ labels: { event }, value })),
  )
}
