/** Points around which offsets are learned apart, and whether enough happened around each to learn from. */
import { placeAmong } from './forecast.ts'
import type { Errors } from './offset-table.ts'

/** Quantiles of the points at which offsets may be learned apart. */
export const KNOT_SHARES: readonly (readonly number[])[] = [
  [0.2, 0.8],
  [0.1, 0.5, 0.9],
]
/** Of fewer events around a knot than this nothing is learned. */
export const LEAST_EPISODES = 5

/**
 * How often, at least, the errors around a knot had reasons of their own: issue times with such a point, a forecast's
 * length apart. Few tell of few events, whatever their number.
 */
export function episodes(
  { plan, points, actuals }: Errors,
  knots: Float64Array,
  j: number,
): number {
  const { origins, probes } = plan
  const counts = new Float64Array(knots.length)
  const free = new Float64Array(knots.length)
  for (let o = 0; o < origins.length; o++) {
    const cell = o * probes.length + j
    const knot = Math.round(placeAmong(knots, points[cell]!))
    if (Number.isNaN(actuals[cell]!) || origins[o]! < free[knot]!) continue
    counts[knot]!++
    free[knot] = origins[o]! + probes[j]! + 1
  }
  return Math.min(...counts)
}
/** Points between which the backtest's lie: quantiles of them, each once. */
export function knotsOf(points: Float64Array, shares: readonly number[]): Float64Array {
  const sorted = points.toSorted()
  const knots = shares.map((share) => sorted[Math.floor(share * sorted.length)]!)
  return Float64Array.from(new Set(knots))
}
