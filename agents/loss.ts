/**
 * What a replica count loses: expected requests/s outside the SLO over the forecast distribution.
 *
 * One replica at `x` requests/s has the share f(x) of them outside the SLO, a logistic curve through two learned
 * points: f(capacity) = 1 − objective, f(saturation) = 1/2. Then
 *
 *   loss(r) = Σ_l weight_l · λ_l · f(λ_l / r)        λ_l: quantile l of the load to be carried
 *
 * A queue near saturation fails nearly all of its requests, not only the excess; hence f and not max(0, λ − rμ).
 *
 * Above the outermost level the forecast says nothing, but an objective of 99.9 % asks for it: there loads are taken to
 * exceed it by exponentially distributed amounts, as far as the levels 0.95 and 0.99 are apart by that law (the tail of
 * most distributions over a high threshold: Pickands 1975, Balkema & de Haan 1974, with shape 0).
 */
import { LEVELS } from '../forecaster/forecast.ts'

/** Probability mass that each level stands for: half-way to its neighbours, the tails to the outer ones. */
export const LEVEL_MASS: readonly number[] = LEVELS.map((level, i) => {
  const lower = i === 0 ? 0 : (LEVELS[i - 1]! + level) / 2
  const upper = i === LEVELS.length - 1 ? 1 : (level + LEVELS[i + 1]!) / 2
  return upper - lower
})

const MEDIAN = LEVELS.indexOf(0.5)
const TOP = LEVELS.length - 1
const NEAR_TOP = LEVELS.indexOf(0.95)
/** Probability above the outermost level, and how many mean excesses the levels 0.95 and 0.99 are apart. */
const BEYOND = 1 - LEVELS[TOP]!
const APART = Math.log((1 - LEVELS[NEAR_TOP]!) / BEYOND)
/** Strata of that probability, thinner further out; mass and mean excess of each, in mean excesses. */
const STRATA = [1, 0.3, 0.1, 0.03, 0].map((share) => share * BEYOND)
const TAIL_MASS: readonly number[] = STRATA.slice(1).map((inner, i) => STRATA[i]! - inner)
const TAIL_EXCESS: readonly number[] = STRATA.slice(1).map((inner, i) => {
  // the integral of ln(BEYOND / p) over p
  const primitive = (p: number) => (p === 0 ? 0 : p * (1 + Math.log(BEYOND / p)))
  return (primitive(STRATA[i]!) - primitive(inner)) / TAIL_MASS[i]!
})
/** What is left for the outermost level itself. */
const TOP_MASS = LEVEL_MASS[TOP]! - BEYOND

/** Mean amount by which loads above the outermost level exceed it, requests/s. */
function meanExcess(demand: Float64Array): number {
  return Math.max(0, (demand[TOP]! - demand[NEAR_TOP]!) / APART)
}

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

/** Expected requests/s outside the SLO over the demand's distribution. */
export function expectedLoss(
  curve: ViolationCurve,
  demand: Float64Array,
  replicas: number,
): number {
  if (replicas <= 0) return expectedLoad(demand)
  const top = demand[TOP]!
  const excess = meanExcess(demand)
  let sum = 0
  for (let i = TAIL_MASS.length - 1; i >= 0; i--) {
    const load = top + excess * TAIL_EXCESS[i]!
    const share = violationShare(curve, load / replicas)
    if (share === 0) return sum // loads fall from here on: the rest loses nothing either
    sum += TAIL_MASS[i]! * load * share
  }
  for (let level = TOP; level >= 0; level--) {
    const load = demand[level]!
    const share = violationShare(curve, load / replicas)
    if (share === 0) return sum
    sum += (level === TOP ? TOP_MASS : LEVEL_MASS[level]!) * load * share
  }
  return sum
}

/** Mean of the demand's distribution, requests/s. */
export function expectedLoad(demand: Float64Array): number {
  // the strata's excesses have a mean of one
  let sum = BEYOND * meanExcess(demand)
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
  const largest = demand[TOP]! + meanExcess(demand) * TAIL_EXCESS.at(-1)!
  const enough = Math.ceil(largest / capacity)
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
