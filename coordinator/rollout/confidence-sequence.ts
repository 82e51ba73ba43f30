/**
 * Always-valid intervals for a mean: one may look after every unit, stop whenever one likes, and the chance that the truth
 * was ever outside stays at most α. So a rollout may be judged as it runs, and ended the moment it is clear.
 *
 * The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024 ("Time-uniform central limit
 * theory and asymptotic confidence sequences", Annals of Statistics 52(6)), by Robbins' normal mixture:
 *
 *   mean ± s · √( 2 (t ρ² + 1) / (t² ρ²) · ln( √(t ρ² + 1) / α ) )
 *
 * with s the standard deviation of the t units so far. Applied to doubly robust scores under known chances of assignment
 * it is the design-based sequence of Ham, Bojinov, Lindon & Tingley 2022 ("Design-based confidence sequences"): loads may
 * drift and recur as they will, what is random is who was assigned what. Where means change, s takes the change for noise,
 * which widens the interval.
 */

/** Count, mean and spread of the units so far: Welford's sums. */
export interface Tally {
  readonly count: number
  readonly mean: number
  /** Sum of squared deviations from the mean. */
  readonly squares: number
}

export const noTally: Tally = { count: 0, mean: 0, squares: 0 }

export function tallied({ count, mean, squares }: Tally, value: number): Tally {
  const deviation = value - mean
  const next = mean + deviation / (count + 1)
  return { count: count + 1, mean: next, squares: squares + deviation * (value - next) }
}

export interface Interval {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

export interface SequenceOptions {
  /** Chance that the truth is ever outside, 0 < alpha < 1. */
  readonly alpha: number
  /** The sequence is tightest at about this many units. */
  readonly tightestAt: number
}

/** Infinitely wide before the second unit. */
export function intervalOf(
  { count, mean, squares }: Tally,
  { alpha, tightestAt }: SequenceOptions,
): Interval {
  if (count < 2)
    return { estimate: mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  const deviation = Math.sqrt(squares / (count - 1))
  const half = deviation * boundary(count, alpha, mixture(alpha, tightestAt))
  return { estimate: mean, low: mean - half, high: mean + half }
}

/** Half the width after `count` units of standard deviation 1. */
function boundary(count: number, alpha: number, rho: number): number {
  const spread = count * rho * rho
  return Math.sqrt(
    ((2 * (spread + 1)) / (count * spread)) * Math.log(Math.sqrt(spread + 1) / alpha),
  )
}

/** ρ for which the boundary is about tightest at `tightestAt` units, as the paper approximates it. */
function mixture(alpha: number, tightestAt: number): number {
  const twice = -2 * Math.log(alpha)
  return Math.sqrt((twice + Math.log(twice + 1)) / tightestAt)
}
