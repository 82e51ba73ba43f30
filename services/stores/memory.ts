/**
 * A sample store in memory: for tests that need a store and no file, and the plain reading of the contract that the
 * conformance suite holds the others against. Nothing of it outlives the process.
 */
import type { MetricName, ServiceId } from '../../forecaster/series.ts'
import type { GridQuery, Sample, SampleStore } from './sample-store.ts'
import { sanitise } from './sanitise.ts'

interface StoredSeries {
  readonly service: ServiceId
  readonly metric: MetricName
  readonly valueAt: Map<number, number>
}

export interface MemoryStoreOptions {
  readonly retentionMs: number
}

export function createMemoryStore({ retentionMs }: MemoryStoreOptions): SampleStore {
  const byKey = new Map<string, StoredSeries>()
  const keyOf = (service: ServiceId, metric: MetricName) => `${service} ${metric}`

  function put({ service, metric, atMs, value }: Sample): void {
    const key = keyOf(service, metric)
    const series = byKey.get(key) ?? { service, metric, valueAt: new Map<number, number>() }
    byKey.set(key, series)
    series.valueAt.set(atMs, Math.max(value, series.valueAt.get(atMs) ?? 0))
  }

  return {
    async append(samples, nowMs) {
      const { kept, report } = sanitise(samples, { nowMs, retentionMs })
      kept.forEach(put)
      return report
    },
    async grid(query) {
      const rows = query.services.map((service) => byKey.get(keyOf(service, query.metric)))
      return Float64Array.from(rows.flatMap((series) => means(series, query)))
    },
    async latest(metric, atMs) {
      const found = new Map<ServiceId, { atMs: number; value: number }>()
      for (const series of byKey.values()) {
        const times = [...series.valueAt.keys()].filter((time) => time <= atMs)
        if (series.metric !== metric || times.length === 0) continue
        const newestMs = Math.max(...times)
        found.set(series.service, { atMs: newestMs, value: series.valueAt.get(newestMs)! })
      }
      return found
    },
    async inventory() {
      return [...byKey.values()].map(({ service, metric, valueAt }) => ({
        service,
        metric,
        firstMs: Math.min(...valueAt.keys()),
        lastMs: Math.max(...valueAt.keys()),
        count: valueAt.size,
      }))
    },
    async prune(beforeMs) {
      let dropped = 0
      for (const [key, { valueAt }] of byKey) {
        for (const atMs of [...valueAt.keys()].filter((time) => time < beforeMs)) {
          valueAt.delete(atMs)
          dropped++
        }
        if (valueAt.size === 0) byKey.delete(key)
      }
      return dropped
    },
    async close() {},
  }
}

/** Added up in the order of time, as every store does, so that the last bit is the same. */
function means(series: StoredSeries | undefined, { fromMs, toMs, stepMs }: GridQuery): number[] {
  const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
  const sums = new Array<number>(steps).fill(0)
  const counts = new Array<number>(steps).fill(0)
  const within = [...(series?.valueAt ?? [])].filter(([atMs]) => atMs >= fromMs && atMs < toMs)
  for (const [atMs, value] of within.sort(([a], [b]) => a - b)) {
    const step = Math.floor((atMs - fromMs) / stepMs)
    sums[step]! += value
    counts[step]!++
  }
  return sums.map((sum, step) => (counts[step] === 0 ? Number.NaN : sum / counts[step]!))
}
