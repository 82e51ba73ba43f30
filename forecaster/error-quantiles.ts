/**
 * Quantiles of few errors: conformal ranks in the middle, and beyond the outer tenths an exponential tail's predictive
 * quantile (k·σ·(ratio^(1/k) − 1), a Lomax law), which is the wider the fewer errors there are.
 */
import { LEVELS } from './forecast.ts'

const TAIL = 0.1
const LEAST_TAIL_ERRORS = 2

/** Quantiles at `LEVELS` of sorted, centred errors, of which `independent` count as different. */
export function quantilesOf(sorted: Float64Array, independent: number): Float64Array {
  const out = new Float64Array(LEVELS.length)
  if (sorted.length === 0) return out
  const tailErrors = Math.max(LEAST_TAIL_ERRORS, TAIL * independent)
  // the tails begin at the plain tenths: moved outwards there would be no errors left to tell their length
  const upper = rankValue(sorted, 1 - TAIL, Number.POSITIVE_INFINITY)
  const lower = rankValue(sorted, TAIL, Number.POSITIVE_INFINITY)
  const upperScale = meanExcess(sorted, upper, 1)
  const lowerScale = meanExcess(sorted, lower, -1)
  const reach = (share: number): number => tailErrors * ((TAIL / share) ** (1 / tailErrors) - 1)
  for (let l = 0; l < LEVELS.length; l++) {
    const level = LEVELS[l]!
    if (level > 1 - TAIL) out[l] = upper + upperScale * reach(1 - level)
    else if (level < TAIL) out[l] = lower - lowerScale * reach(level)
    else out[l] = rankValue(sorted, level, independent)
    if (l > 0) out[l] = Math.max(out[l]!, out[l - 1]!)
  }
  return out
}

/** Conformal rank: the level is moved outwards by (n + 1)/n, as much as `independent` errors ask for. */
function rankValue(sorted: Float64Array, level: number, independent: number): number {
  const outward = 0.5 + (level - 0.5) * (1 + 1 / independent)
  const at = Math.min(Math.max(outward * sorted.length - 0.5, 0), sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!)
}

function meanExcess(sorted: Float64Array, from: number, side: 1 | -1): number {
  let sum = 0
  let count = 0
  for (const value of sorted) {
    const excess = side * (value - from)
    if (excess <= 0) continue
    sum += excess
    count++
  }
  return count === 0 ? 0 : sum / count
}
