/**
 * What a replica count loses: expected requests/s outside the SLO over the forecast distribution.
 *
 * One replica at `x` requests/s has the share f(x) of them outside the SLO, a logistic curve through two learned
 * points: f(capacity) = 1 − objective, f(saturation) = 1/2. Then
 *
 *   loss(r) = Σ_l weight_l · λ_l · f(λ_l / r)        λ_l: quantile l of the load to be carried
 *
 * A queue near saturation fails nearly all of its requests, not only the excess; hence f and not max(0, λ − rμ).
 */
import { LEVELS } from '../forecaster/forecast.ts'

/** Probability mass that each level stands for: half-way to its neighbours, the tails to the outer ones. */
export const LEVEL_MASS: readonly number[] = LEVELS.map((level, i) => {
  const lower = i === 0 ? 0 : (LEVELS[i - 1]! + level) / 2
  const upper = i === LEVELS.length - 1 ? 1 : (level + LEVELS[i + 1]!) / 2
  return upper - lower
})

const MEDIAN = LEVELS.indexOf(0.5)

/** Below this many logistic units under the midpoint the share of violations is no more than 1e-9. */
const NEGLIGIBLE = -20.8

export interface ViolationCurve {
  /** Load per replica at which half of the requests violate, requests/s. */
  readonly midpoint: number
  /** Logistic units per request/s. */
  readonly steepness: number
}

/** The curve through (capacity, 1 − objective) and (saturation, 1/2). */
export function violationCurve(
  capacity: number,
  saturation: number,
  objective: number,
): ViolationCurve {
  const gap = Math.max(saturation - capacity, capacity * 1e-3)
  return { midpoint: capacity + gap, steepness: Math.log(objective / (1 - objective)) / gap }
}

/** Share of requests outside the SLO at `perReplica` requests/s on each replica. */
export function violationShare(curve: ViolationCurve, perReplica: number): number {
  const z = curve.steepness * (perReplica - curve.midpoint)
  return z < NEGLIGIBLE ? 0 : 1 / (1 + Math.exp(-z))
}

/** Requests/s outside the SLO when exactly `loadRps` arrive at `replicas`. */
export function lossOfLoad(curve: ViolationCurve, loadRps: number, replicas: number): number {
  if (loadRps <= 0) return 0
  return replicas <= 0 ? loadRps : loadRps * violationShare(curve, loadRps / replicas)
}

/** Expected requests/s outside the SLO over the demand's quantiles. */
export function expectedLoss(
  curve: ViolationCurve,
  demand: Float64Array,
  replicas: number,
): number {
  let sum = 0
  for (let level = demand.length - 1; level >= 0; level--) {
    const load = demand[level]!
    const share = replicas <= 0 ? 1 : violationShare(curve, load / replicas)
    if (share === 0) break // quantiles fall with the level: the rest loses nothing either
    sum += LEVEL_MASS[level]! * load * share
  }
  return sum
}

/** Mean of the demand's distribution, requests/s. */
export function expectedLoad(demand: Float64Array): number {
  let sum = 0
  for (let level = 0; level < demand.length; level++) sum += LEVEL_MASS[level]! * demand[level]!
  return sum
}

/**
 * The least count whose expected violations stay within the error budget (1 − objective) of the expected load;
 * `most` when none does.
 */
export function replicasWithin(
  curve: ViolationCurve,
  demand: Float64Array,
  objective: number,
  most: number,
): number {
  const mean = expectedLoad(demand)
  const allowance = (1 - objective) * mean
  // with the largest load at capacity nobody violates more than the budget allows: surely enough
  const capacity = curve.midpoint - Math.log(objective / (1 - objective)) / curve.steepness
  const enough = Math.ceil(demand[demand.length - 1]! / capacity)
  // with the median load at the midpoint at least half of the upper half violates: where that is too much, surely too few
  const median = demand[MEDIAN]!
  let low = median / 4 > allowance ? Math.floor(median / curve.midpoint) : 0
  let high = Math.min(most, Math.max(1, enough))
  low = Math.min(low, high - 1)
  // loss falls as replicas rise: bisect (low too few or untried, high enough or the most there is)
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (expectedLoss(curve, demand, middle) <= allowance) high = middle
    else low = middle
  }
  return high
}
