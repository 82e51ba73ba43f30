/**
 * The forecasts that anyone can make without a library, in every table: same time one season ago, with the empirical
 * quantiles of how the load has differed over that lag so far. Also what stands in where a peer fails.
 *
 *   point[k]      = y[origin + k − lag(k)],   lag(k) = season · ⌈(k + 1) / season⌉
 *   quantile(p,k) = max(0, point[k] + empirical p-quantile of y[t] − y[t − lag(k)] over the known past)
 */
import { LEVELS } from '../../../forecaster/forecast.ts'

/** Differences over more steps than this add time and no knowledge. */
const MOST_DIFFERENCES = 20_160

export interface NaiveOffsets {
  readonly season: number
  /** By lag: one offset a level. */
  readonly byLag: ReadonlyMap<number, Float64Array>
}

const lagOf = (k: number, season: number) => season * Math.ceil((k + 1) / season)

/** Quantiles of the lagged differences of `values[0 … origin − 1]` for every lag that `reach` steps need. */
export function naiveOffsets(
  values: Float64Array,
  origin: number,
  season: number,
  reach: number,
): NaiveOffsets {
  const byLag = new Map<number, Float64Array>()
  for (let k = 0; k < reach; k++) {
    const lag = lagOf(k, season)
    if (!byLag.has(lag)) byLag.set(lag, differenceQuantiles(values, origin, lag))
  }
  return { season, byLag }
}

/** Writes `out[level · reach + k]`. */
export function naiveForecast(
  values: Float64Array,
  origin: number,
  offsets: NaiveOffsets,
  reach: number,
  out: Float64Array | Float32Array,
): void {
  const row = new Float64Array(LEVELS.length)
  for (let k = 0; k < reach; k++) {
    naiveStep(values, origin, offsets, k, row)
    for (let level = 0; level < LEVELS.length; level++) out[level * reach + k] = row[level]!
  }
}

/** The quantiles of step `k` alone: one a level into `row`. */
export function naiveStep(
  values: Float64Array,
  origin: number,
  { season, byLag }: NaiveOffsets,
  k: number,
  row: Float64Array,
): void {
  const lag = lagOf(k, season)
  const point = lastKnown(values, origin + k - lag, season)
  const byLevel = byLag.get(lag)!
  for (let level = 0; level < LEVELS.length; level++)
    row[level] = Math.max(0, point + byLevel[level]!)
}

/** The value at `at`, or the newest known one a whole number of seasons before, or before at all; else 0. */
function lastKnown(values: Float64Array, at: number, season: number): number {
  for (let i = at; i >= 0; i -= season) if (!Number.isNaN(values[i]!)) return values[i]!
  for (let i = at; i >= 0; i--) if (!Number.isNaN(values[i]!)) return values[i]!
  return 0
}

function differenceQuantiles(values: Float64Array, origin: number, lag: number): Float64Array {
  const from = Math.max(lag, origin - MOST_DIFFERENCES)
  const differences = new Float64Array(Math.max(0, origin - from))
  let count = 0
  for (let t = from; t < origin; t++) {
    const difference = values[t]! - values[t - lag]!
    if (!Number.isNaN(difference)) differences[count++] = difference
  }
  const sorted = differences.subarray(0, count).sort()
  return Float64Array.from(LEVELS, (level) => quantileOf(sorted, level))
}

/** Linear between order statistics (Hyndman & Fan 1996, type 7); 0 of nothing. */
function quantileOf(sorted: Float64Array, level: number): number {
  if (sorted.length === 0) return 0
  const at = level * (sorted.length - 1)
  const below = sorted[Math.floor(at)]!
  const above = sorted[Math.ceil(at)]!
  return below + (above - below) * (at - Math.floor(at))
}
