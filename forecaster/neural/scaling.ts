/** How large a series' √load and its changes are, learned from its history. */
import { baselineOf, type Past, type Scaling } from './past.ts'

/** Issue times at which the baseline is compared with what came. */
const MOST_ORIGINS = 300
/** Share of the differences that is believed; the largest may be incidents. */
const BELIEVED = 0.95
const LEAST_PART = 1e-3

/**
 * From the first `end` steps of a series (√load in `past.ring`, whole). `values` is the load itself, NaN where
 * missing: what was filled in does not count.
 */
export function learnScaling(
  past: Past,
  values: Float64Array,
  end: number,
  knots: readonly number[],
): Scaling {
  const { ring } = past
  const seen: number[] = []
  const changes: number[] = []
  const stride = Math.max(1, Math.floor(end / 4000))
  for (let i = end - 1; i > 0; i -= stride) {
    if (Number.isNaN(values[i]!)) continue
    seen.push(ring[i]!)
    if (!Number.isNaN(values[i - 1]!)) changes.push(Math.abs(ring[i]! - ring[i - 1]!))
  }
  const level = medianOf(seen)
  const least = Math.max(LEAST_PART * meanOf(seen), 1e-6)
  const noise = Math.max(believedMean(changes), least)
  return { level, noise, spreads: spreadsOf(past, values, end, knots, noise) }
}

function spreadsOf(
  past: Past,
  values: Float64Array,
  end: number,
  knots: readonly number[],
  noise: number,
): Float64Array {
  const spreads = new Float64Array(knots.length)
  const walk: Past = { ...past, count: 0 }
  const from = Math.min(past.seasons.at(-1) ?? 0, Math.floor(end / 2)) + 1
  for (let k = 0; k < knots.length; k++) {
    const knot = knots[k]!
    const last = end - 1 - knot
    const stride = Math.max(1, Math.floor((last - from) / MOST_ORIGINS))
    const distances: number[] = []
    for (let count = last; count >= from; count -= stride) {
      if (Number.isNaN(values[count + knot]!)) continue
      walk.count = count
      distances.push(Math.abs(past.ring[count + knot]! - baselineOf(walk)(knot)))
    }
    const before = k > 0 ? spreads[k - 1]! : noise
    // too few to say: as at the knot before
    spreads[k] = distances.length < 10 ? before : Math.max(believedMean(distances), 0.3 * noise)
  }
  return spreads
}

function believedMean(values: number[]): number {
  const sorted = Float64Array.from(values).sort()
  const mean = meanOf(sorted.subarray(0, Math.ceil(BELIEVED * sorted.length)))
  return mean > 0 ? mean : meanOf(sorted)
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return values.length > 0 ? sum / values.length : 0
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length > 0 ? sorted[sorted.length >> 1]! : 0
}
