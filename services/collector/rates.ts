/** From counters to rates: increases between two scrapes (a counter that fell was reset and counts from zero), quantiles. */
import type { Reading } from './exposition.ts'

export type Counts = ReadonlyMap<string, number>

/** Sum of `name` over its readings, by the value of `label`; '' where there is no label. */
export function sumBy(
  readings: readonly Reading[],
  name: string,
  label?: string,
): Map<string, number> {
  const sums = new Map<string, number>()
  for (const reading of readings) {
    if (reading.name !== name) continue
    const key = label === undefined ? '' : (reading.labels[label] ?? '')
    sums.set(key, (sums.get(key) ?? 0) + reading.value)
  }
  return sums
}

/** Increase of a counter; undefined before there are two readings of it. */
export function increase(
  before: number | undefined,
  after: number | undefined,
): number | undefined {
  if (before === undefined || after === undefined) return undefined
  return after >= before ? after - before : after
}

/**
 * The `level` quantile of what a histogram counted between two scrapes, linear within its bucket (as PromQL's
 * histogram_quantile does); the last finite bound for what lies beyond it; undefined when nothing was counted.
 */
export function histogramQuantile(
  increases: ReadonlyMap<number, number>,
  level: number,
): number | undefined {
  const bounds = [...increases.keys()].sort((a, b) => a - b)
  const total = increases.get(Number.POSITIVE_INFINITY) ?? 0
  if (!(total > 0)) return undefined
  const rank = level * total
  let lower = 0
  let below = 0
  for (const bound of bounds) {
    const upTo = increases.get(bound)!
    if (upTo >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower
      return lower + ((bound - lower) * (rank - below)) / Math.max(upTo - below, Number.MIN_VALUE)
    }
    lower = bound
    below = upTo
  }
  return lower
}
