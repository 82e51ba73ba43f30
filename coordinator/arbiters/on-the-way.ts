/**
 * What counts on the way to a further one are worth. A rate limit ends a tick's menu before the count that the service is
 * after: of twelve replicas that it lacks it may start four, and four save nobody while it is saturated. Judged by themselves
 * they are worth nothing at any price, and a service that is far behind would never be let up again. So each of them counts
 * for its share of what the whole way avoids: the lower convex hull of the whole curve (what the relaxed knapsack buys,
 * arbiters/steps.ts), of which the menu is the beginning.
 */

/**
 * `curve[k]`: loss with k more replicas, up to the count that the service is after. The first `steps + 1` values of its lower
 * convex hull; the curve's own where that is convex. Losses never rise.
 */
export function lossOnTheWay(curve: Float64Array, steps: number): Float64Array {
  const hull = new Float64Array(steps + 1)
  let at = 0
  while (at <= steps) {
    let next = at
    let steepest = Number.NEGATIVE_INFINITY
    for (let k = at + 1; k < curve.length; k++) {
      const slope = (curve[at]! - curve[k]!) / (k - at)
      if (slope < steepest) continue
      steepest = slope
      next = k
    }
    hull[at] = curve[at]!
    if (next === at) break
    for (let k = at + 1; k < next && k <= steps; k++) hull[k] = curve[at]! - steepest * (k - at)
    at = next
  }
  return hull
}
