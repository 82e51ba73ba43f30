/**
 * Changepoints: the moment from which a forecaster's errors are no longer what they were. Each step's load is turned into
 * a standard normal error by the distribution that was foreseen for it (probability integral transform), cut at ±3 so
 * that one outlier is no change (winsorised: Lucas & Crosier 1982, Technometrics 24). Three one-sided CUSUMs (Page 1954,
 * Biometrika 41) follow it, S ← max(0, S + x − ½): x = z (load above what was foreseen), x = −z (below), and x =
 * (√|z| − 0.822)/0.349, which is nearly standard normal too and grows with the spread (Hawkins 1981, J. Quality Technology
 * 13): a season that has moved shows as errors that are larger on both sides. The slack ½ is the best for a shift of one
 * standard deviation.
 *
 * An alarm is S > h. For independent standard normal errors the mean number of steps to a false one is, by Siegmund's
 * approximation (1985, Sequential Analysis, §II.6) with b = h + 1.166, (eᵇ − b − 1)/½ for one CUSUM, a third of that for
 * the three together. `barOf` turns it round. Errors that follow one another in one direction shorten it, errors that
 * alternate lengthen it.
 */
import { type Forecast, LEVELS } from './forecast.ts'
import { normalQuantile } from './normal-quantile.ts'
import { surpriseOf } from './surprise.ts'

export const CHANGES = ['level-up', 'level-down', 'spread'] as const
export type Change = (typeof CHANGES)[number]

/** Plain data; written in place. */
export interface ChangeDetector {
  /** S of each of `CHANGES`. */
  readonly sums: Float64Array
  /** Steps since each S was last 0: how long ago a change that it tells of began. */
  readonly since: Int32Array
  /** Errors taken in. */
  steps: number
}

export interface Changepoint {
  readonly change: Change
  /** Steps ago that it began. */
  readonly stepsAgo: number
}

const SLACK = 0.5
const MOST = 3
const ROOT_MEAN = 0.822
const ROOT_DEVIATION = 0.349
const OVERSHOOT = 1.166
const HALVINGS = 60

export function createChangeDetector(): ChangeDetector {
  return {
    sums: new Float64Array(CHANGES.length),
    since: new Int32Array(CHANGES.length),
    steps: 0,
  }
}

/** Mean steps to a false alarm of the three CUSUMs together at the bar `bar`. */
export function runLengthOf(bar: number): number {
  const b = bar + OVERSHOOT
  return (Math.exp(b) - b - 1) / SLACK / CHANGES.length
}

/** The bar whose mean run length is `steps` (above 1). */
export function barOf(steps: number): number {
  let low = 0
  let high = 1
  while (runLengthOf(high) < steps) high *= 2
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (runLengthOf(middle) < steps) low = middle
    else high = middle
  }
  return high
}

/**
 * The error of `value` under step 0 of `forecast`, standard normal when the forecast is calibrated, within ±3; where
 * several quantiles coincide the middle of their mass stands for it. `value` finite.
 */
export function standardError(forecast: Forecast, value: number): number {
  const { atLeast, atMost } = surpriseOf(forecast, 0, value)
  const below = (atMost + 1 - atLeast) / 2
  const least = (1 - LEVELS.at(-1)!) ** 2
  return cut(normalQuantile(Math.min(Math.max(below, least), 1 - least)))
}

const cut = (z: number): number => Math.min(Math.max(z, -MOST), MOST)

/** One error later. The strongest change above `bar`, if any; the detector goes on as if none had been found. */
export function followErrors(
  detector: ChangeDetector,
  error: number,
  bar: number,
): Changepoint | undefined {
  const { sums, since } = detector
  const spread = (Math.sqrt(Math.abs(error)) - ROOT_MEAN) / ROOT_DEVIATION
  const moves = [error, -error, spread]
  detector.steps++
  let strongest = -1
  moves.forEach((move, i) => {
    sums[i] = Math.max(0, sums[i]! + move - SLACK)
    since[i] = sums[i] === 0 ? 0 : since[i]! + 1
    if (sums[i]! > bar && (strongest < 0 || sums[i]! > sums[strongest]!)) strongest = i
  })
  return strongest < 0 ? undefined : { change: CHANGES[strongest]!, stepsAgo: since[strongest]! }
}
