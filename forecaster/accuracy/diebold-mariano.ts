/**
 * The Diebold–Mariano test (1995, J. Business & Economic Statistics 13) of whether one of two forecasters loses less: the
 * mean d̄ of n differences of losses by its standard error √(ω/n). Forecasts over several steps overlap, which makes the
 * differences of h − 1 lags dependent, so ω is their long-run variance, estimated in one of three ways:
 *
 * - `rectangular`: γ₀ + 2 Σ γₖ over these lags, the statistic shrunk by √((n + 1 − 2h + h(h − 1)/n)/n), against Student's
 *   t with n − 1 degrees of freedom (Harvey, Leybourne & Newbold 1997, Int. J. Forecasting 13, eq. 9). The usual form.
 * - `bartlett`: the same with weights 1 − k/h (Newey & West 1987), for where the plain sum is not positive.
 * - `periodogram`: the mean of the m lowest ordinates, m = ⌊n/(4h)⌋ but at least 1, against t with 2m degrees of freedom
 *   (weighted periodogram by Daniell, fixed-smoothing: Coroneo & Iacone 2020, J. Applied Econometrics 35, §2). It gives
 *   up power for a level that holds far out in the tail, where the other two reject up to ten times too often when n is
 *   but a few times h (the test of this file counts it). What is decided without a person looking is decided by it.
 */
import { studentUpperTail } from './student-t.ts'

export const LONG_RUN_VARIANCES = ['rectangular', 'bartlett', 'periodogram'] as const
export type LongRunVariance = (typeof LONG_RUN_VARIANCES)[number]

export interface DieboldMariano {
  /** DM*; above 0 when the first forecaster loses more. */
  readonly statistic: number
  /** Probability of a statistic as large or larger if both lose the same on average: small says that the second is better. */
  readonly pSecondBetter: number
  /** Small says that the first is better. */
  readonly pFirstBetter: number
  readonly meanDifference: number
  /** Differences that were tested. */
  readonly count: number
  /** What the long-run variance was estimated with. */
  readonly variance: LongRunVariance
}

/** Differences that vary by less than this share of their mean vary by rounding alone. */
const ROUNDING = 1e-10
/** Issue times for each overlap that an ordinate of the periodogram stands for. */
const OVERLAPS_AN_ORDINATE = 4

/**
 * `differences`: loss of the first minus loss of the second, by issue time, finite; `overlap` (h): how many successive
 * issue times look at a common step (the horizon, when one is issued every step), at least 1. Undefined when nothing can
 * be said: not more differences than `overlap`, or all of them equal.
 */
export function dieboldMariano(
  differences: ArrayLike<number>,
  overlap: number,
  prefer: LongRunVariance = 'rectangular',
): DieboldMariano | undefined {
  const n = differences.length
  if (n < 3 || n <= overlap) return undefined
  const { mean, covariances } = momentsOf(differences, overlap)
  if (!(covariances[0]! > (ROUNDING * mean) ** 2)) return undefined
  const { omega, shrink, freedom, variance } =
    prefer === 'periodogram'
      ? byPeriodogram(differences, mean, overlap)
      : byCovariances(covariances, n, overlap, prefer)
  if (!(omega > 0)) return undefined
  const statistic = (shrink * mean) / Math.sqrt(omega / n)
  return {
    statistic,
    pSecondBetter: studentUpperTail(statistic, freedom),
    pFirstBetter: studentUpperTail(-statistic, freedom),
    meanDifference: mean,
    count: n,
    variance,
  }
}

interface LongRun {
  readonly omega: number
  readonly shrink: number
  readonly freedom: number
  readonly variance: LongRunVariance
}

function byCovariances(
  covariances: readonly number[],
  n: number,
  overlap: number,
  prefer: LongRunVariance,
): LongRun {
  const sum = (weightOf: (lag: number) => number): number =>
    covariances.reduce((all, c, lag) => all + (lag === 0 ? c : 2 * weightOf(lag) * c), 0)
  const plain = sum(() => 1)
  const variance = prefer === 'bartlett' || !(plain > 0) ? 'bartlett' : 'rectangular'
  return {
    omega: variance === 'rectangular' ? plain : sum((lag) => 1 - lag / overlap),
    shrink: Math.sqrt((n + 1 - 2 * overlap + (overlap * (overlap - 1)) / n) / n),
    freedom: n - 1,
    variance,
  }
}

function byPeriodogram(differences: ArrayLike<number>, mean: number, overlap: number): LongRun {
  const n = differences.length
  const ordinates = Math.max(1, Math.floor(n / (OVERLAPS_AN_ORDINATE * overlap)))
  let omega = 0
  for (let j = 1; j <= ordinates; j++) {
    let real = 0
    let imaginary = 0
    for (let t = 0; t < n; t++) {
      const angle = (2 * Math.PI * j * t) / n
      real += (differences[t]! - mean) * Math.cos(angle)
      imaginary += (differences[t]! - mean) * Math.sin(angle)
    }
    omega += (real * real + imaginary * imaginary) / (n * ordinates)
  }
  return { omega, shrink: 1, freedom: 2 * ordinates, variance: 'periodogram' }
}

/** Mean, and autocovariances of the lags 0 … overlap − 1, all divided by n. */
function momentsOf(
  values: ArrayLike<number>,
  overlap: number,
): { mean: number; covariances: number[] } {
  const n = values.length
  let mean = 0
  for (let i = 0; i < n; i++) mean += values[i]! / n
  const covariances = Array.from({ length: overlap }, (_, lag) => {
    let sum = 0
    for (let i = lag; i < n; i++) sum += (values[i]! - mean) * (values[i - lag]! - mean)
    return sum / n
  })
  return { mean, covariances }
}
