/**
 * The sample store of the simulation: the contract of services/stores/sample-store.ts, one sorted pair of columns a
 * series, so that a day of samples is read in microseconds.
 */
import type { MetricName, ServiceId } from '../../forecaster/series.ts'
import type { Sample, SampleStore } from '../../services/stores/sample-store.ts'
import { sanitise } from '../../services/stores/sanitise.ts'

interface Columns {
  readonly service: ServiceId
  readonly metric: MetricName
  times: number[]
  values: number[]
}

export function createSampleBook(retentionMs: number): SampleStore {
  const byKey = new Map<string, Columns>()
  const keyOf = (service: ServiceId, metric: MetricName) => `${metric} ${service}`

  function put({ service, metric, atMs, value }: Sample): void {
    const key = keyOf(service, metric)
    const columns = byKey.get(key) ?? { service, metric, times: [], values: [] }
    byKey.set(key, columns)
    const { times, values } = columns
    const at = firstFrom(times, atMs)
    if (times[at] === atMs) values[at] = Math.max(values[at]!, value)
    else if (at === times.length) {
      times.push(atMs)
      values.push(value)
    } else {
      times.splice(at, 0, atMs)
      values.splice(at, 0, value)
    }
  }

  return {
    async append(samples, nowMs) {
      const { kept, report } = sanitise(samples, { nowMs, retentionMs })
      for (const sample of kept) put(sample)
      return report
    },
    async grid({ metric, services, fromMs, toMs, stepMs }) {
      const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
      const cells = new Float64Array(services.length * steps).fill(Number.NaN)
      services.forEach((service, row) => {
        const columns = byKey.get(keyOf(service, metric))
        if (columns)
          means(columns, fromMs, toMs, stepMs, cells.subarray(row * steps, (row + 1) * steps))
      })
      return cells
    },
    async latest(metric, atMs) {
      const found = new Map<ServiceId, { atMs: number; value: number }>()
      for (const { service, metric: name, times, values } of byKey.values()) {
        const at = name === metric ? firstFrom(times, atMs + 1) - 1 : -1
        if (at >= 0) found.set(service, { atMs: times[at]!, value: values[at]! })
      }
      return found
    },
    async inventory() {
      return [...byKey.values()].map(({ service, metric, times }) => ({
        ...{ service, metric },
        firstMs: times[0]!,
        lastMs: times.at(-1)!,
        count: times.length,
      }))
    },
    async prune(beforeMs) {
      let dropped = 0
      for (const [key, columns] of byKey) {
        const gone = firstFrom(columns.times, beforeMs)
        dropped += gone
        columns.times = columns.times.slice(gone)
        columns.values = columns.values.slice(gone)
        if (columns.times.length === 0) byKey.delete(key)
      }
      return dropped
    },
    async close() {},
  }
}

/** Index of the first time that is not before `atMs`. */
function firstFrom(times: readonly number[], atMs: number): number {
  let [low, high] = [0, times.length]
  // what is asked for is nearly always the end
  if (high > 0 && times[high - 1]! < atMs) return high
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < atMs) low = middle + 1
    else high = middle
  }
  return low
}

function means(
  { times, values }: Columns,
  fromMs: number,
  toMs: number,
  stepMs: number,
  cells: Float64Array,
): void {
  for (let at = firstFrom(times, fromMs); at < times.length && times[at]! < toMs; ) {
    const step = Math.floor((times[at]! - fromMs) / stepMs)
    const endMs = fromMs + (step + 1) * stepMs
    let [sum, count] = [0, 0]
    for (; at < times.length && times[at]! < Math.min(endMs, toMs); at++) {
      sum += values[at]!
      count++
    }
    cells[step] = sum / count
  }
}
