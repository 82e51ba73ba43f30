/**
 * Cost–violation frontiers. A policy swept over its own parameters is a set of points; what counts of it are those that
 * no other beats in both. Nothing is interpolated: between two settings that were run, nobody knows what would be.
 *
 * Costs at equal violation are compared on the logarithm of the violations, as objectives are spoken of ("nines").
 */

export interface FrontierPoint {
  /** $/hour. */
  readonly cost: number
  /** Requests outside the SLO ÷ requests. */
  readonly violationRatio: number
}

/** The ends of a range of violation ratios, 0 < low ≤ high ≤ 1. */
export interface ViolationRange {
  readonly low: number
  readonly high: number
}

/** Violation ratios below are told apart by no run of a practical length. */
export const FINEST_VIOLATION = 1e-6

/** The points that none other beats in both: by rising cost and falling violations, the first of equal ones. */
export function paretoFront<Point extends FrontierPoint>(points: readonly Point[]): Point[] {
  const order = points
    .filter(({ cost, violationRatio }) => !Number.isNaN(cost) && !Number.isNaN(violationRatio))
    .sort((a, b) => a.cost - b.cost || a.violationRatio - b.violationRatio)
  const front: Point[] = []
  for (const point of order)
    if (front.length === 0 || point.violationRatio < front.at(-1)!.violationRatio) front.push(point)
  return front
}

/** Least cost with at most `violationRatio` (to FINEST_VIOLATION); Infinity where no point is so good. */
export function costAt(points: readonly FrontierPoint[], violationRatio: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const point of points)
    if (point.violationRatio <= violationRatio + FINEST_VIOLATION && point.cost < least)
      least = point.cost
  return least
}

/** Least violation ratio for at most `cost`; Infinity where no point is so cheap. */
export function violationAt(points: readonly FrontierPoint[], cost: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const point of points)
    if (point.cost <= cost && point.violationRatio < least) least = point.violationRatio
  return least
}

/** Least violation ratio of all; Infinity without points. */
export function bestViolation(points: readonly FrontierPoint[]): number {
  return violationAt(points, Number.POSITIVE_INFINITY)
}

/** Share of the points of `theirs`' front that `ours` equals or beats in both; NaN without points. */
export function coveredShare(
  ours: readonly FrontierPoint[],
  theirs: readonly FrontierPoint[],
): number {
  const front = paretoFront(theirs)
  const covered = front.filter(({ cost, violationRatio }) => costAt(ours, violationRatio) <= cost)
  return covered.length / front.length
}

export const DOMINANCES = ['equal', 'dominates', 'dominated', 'crosses'] as const
export type Dominance = (typeof DOMINANCES)[number]

/** What `ours` is to `theirs`, whole front against whole front. */
export function dominanceOf(
  ours: readonly FrontierPoint[],
  theirs: readonly FrontierPoint[],
): Dominance {
  const over = coveredShare(ours, theirs) === 1
  const under = coveredShare(theirs, ours) === 1
  if (over) return under ? 'equal' : 'dominates'
  return under ? 'dominated' : 'crosses'
}

/** The violations that both reach: from the worse of the two bests to the worst point of either front. */
export function commonRange(
  ours: readonly FrontierPoint[],
  theirs: readonly FrontierPoint[],
): ViolationRange {
  const low = Math.max(bestViolation(ours), bestViolation(theirs), FINEST_VIOLATION)
  const worst = [paretoFront(ours)[0], paretoFront(theirs)[0]].map((p) => p?.violationRatio ?? low)
  return { low, high: Math.max(low, ...worst) }
}

/**
 * Geometric mean of our cost ÷ theirs at equal violation, over the logarithm of the violations in `range`: 0.8 means
 * that the same quality costs a fifth less (the construction of Bjøntegaard's average rate difference, ITU-T VCEG-M33,
 * on the steps themselves). Infinity where we do not reach the range's low end and they do, 0 the other way round, NaN
 * where neither does.
 */
export function meanCostRatio(
  ours: readonly FrontierPoint[],
  theirs: readonly FrontierPoint[],
  range: ViolationRange = commonRange(ours, theirs),
): number {
  const { low, high } = range
  const ratioAt = (violation: number) => costAt(ours, violation) / costAt(theirs, violation)
  if (!(low < high)) return ratioAt(low)
  const steps = [...ours, ...theirs].map((p) => p.violationRatio).filter((v) => v > low && v < high)
  const edges = [low, ...steps.sort((a, b) => a - b), high]
  let sum = 0
  for (let i = 1; i < edges.length; i++) {
    const width = Math.log(edges[i]! / edges[i - 1]!)
    if (width > 0) sum += width * Math.log(ratioAt(edges[i - 1]!))
  }
  return Math.exp(sum / Math.log(high / low))
}

/**
 * Share of the box [0, worst.cost] × [FINEST_VIOLATION, worst.violationRatio], the latter logarithmic, that is no better
 * than some point: the hypervolume of Zitzler & Thiele (1999) as a figure between 0 and 1.
 */
export function hypervolume(points: readonly FrontierPoint[], worst: FrontierPoint): number {
  const heightOf = (violation: number) =>
    Math.max(0, Math.log(worst.violationRatio / Math.max(violation, FINEST_VIOLATION)))
  const front = paretoFront(points).filter(
    (p) => p.cost < worst.cost && p.violationRatio < worst.violationRatio,
  )
  const area = front.reduce((sum, point, i) => {
    const next = front[i + 1]?.cost ?? worst.cost
    return sum + (next - point.cost) * heightOf(point.violationRatio)
  }, 0)
  return area / (worst.cost * heightOf(FINEST_VIOLATION))
}
