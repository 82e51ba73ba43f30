/**
 * The newest samples in memory: what ticks are served from while the server is away, and what tells, of two values for
 * one instant, which is the larger without asking the server. Holds what came within the last `keepMs`.
 */
import type { MetricName, ServiceId } from '../../../forecaster/series.ts'
import type { GridQuery, Sample } from '../sample-store.ts'

/** Series of which nothing is left are forgotten after so many appends. */
const APPENDS_A_SWEEP = 1000

interface TailSeries {
  /** Ascending. */
  readonly times: number[]
  readonly values: number[]
}

export interface Tail {
  put(samples: readonly Sample[], nowMs: number): void
  /** Of that instant; undefined when none is held. */
  valueAt(metric: MetricName, service: ServiceId, atMs: number): number | undefined
  /** Every sample that came through this process and is of `fromMs` or later is held. */
  covers(fromMs: number): boolean
  grid(query: GridQuery): Float64Array
  latest(metric: MetricName, atMs: number): Map<ServiceId, { atMs: number; value: number }>
  size(): number
}

export function createTail(keepMs: number): Tail {
  const byMetric = new Map<MetricName, Map<ServiceId, TailSeries>>()
  let keptFromMs = Number.POSITIVE_INFINITY
  let held = 0
  let appends = 0

  function seriesOf(metric: MetricName, service: ServiceId): TailSeries {
    const byService = byMetric.get(metric) ?? new Map<ServiceId, TailSeries>()
    byMetric.set(metric, byService)
    const series = byService.get(service) ?? { times: [], values: [] }
    byService.set(service, series)
    return series
  }

  function insert({ metric, service, atMs, value }: Sample): void {
    const { times, values } = seriesOf(metric, service)
    const at = placeOf(times, atMs)
    if (times[at] === atMs) {
      values[at] = Math.max(values[at]!, value)
      return
    }
    if (at === times.length) {
      times.push(atMs)
      values.push(value)
    } else {
      times.splice(at, 0, atMs)
      values.splice(at, 0, value)
    }
    held++
    const old = placeOf(times, keptFromMs)
    if (old < Math.max(8, times.length / 2)) return // cut in large pieces: moving what stays costs the same each time
    times.splice(0, old)
    values.splice(0, old)
    held -= old
  }

  function sweep(): void {
    for (const byService of byMetric.values()) {
      for (const [service, { times }] of byService) {
        if ((times.at(-1) ?? 0) >= keptFromMs) continue
        held -= times.length
        byService.delete(service)
      }
    }
  }

  return {
    put(samples, nowMs) {
      const fromMs = nowMs - keepMs
      // what came before the first append is not here, whatever its time
      keptFromMs = keptFromMs === Number.POSITIVE_INFINITY ? fromMs : Math.max(keptFromMs, fromMs)
      for (const sample of samples) if (sample.atMs >= keptFromMs) insert(sample)
      if (++appends % APPENDS_A_SWEEP === 0) sweep()
    },
    valueAt(metric, service, atMs) {
      const series = byMetric.get(metric)?.get(service)
      if (!series) return undefined
      const at = placeOf(series.times, atMs)
      return series.times[at] === atMs ? series.values[at] : undefined
    },
    covers: (fromMs) => fromMs >= keptFromMs,
    grid: (query) => gridOf(byMetric.get(query.metric), query),
    latest(metric, atMs) {
      const found = new Map<ServiceId, { atMs: number; value: number }>()
      for (const [service, { times, values }] of byMetric.get(metric) ?? []) {
        const at = placeOf(times, atMs + 1) - 1
        if (at >= 0) found.set(service, { atMs: times[at]!, value: values[at]! })
      }
      return found
    },
    size: () => held,
  }
}

function gridOf(
  byService: ReadonlyMap<ServiceId, TailSeries> | undefined,
  { services, fromMs, toMs, stepMs }: GridQuery,
): Float64Array {
  const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
  const cells = new Float64Array(services.length * steps).fill(Number.NaN)
  services.forEach((service, row) => {
    const series = byService?.get(service)
    if (!series) return
    const { times, values } = series
    let at = placeOf(times, fromMs)
    for (let step = 0; step < steps; step++) {
      const endMs = Math.min(toMs, fromMs + (step + 1) * stepMs)
      let sum = 0
      let count = 0
      for (; at < times.length && times[at]! < endMs; at++, count++) sum += values[at]!
      if (count > 0) cells[row * steps + step] = sum / count
    }
  })
  return cells
}

/** Index of the first time at or after `atMs`. */
function placeOf(times: readonly number[], atMs: number): number {
  if (times.length === 0 || times.at(-1)! < atMs) return times.length
  let low = 0
  let high = times.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < atMs) low = middle + 1
    else high = middle
  }
  return low
}
