/**
 * Scores of one model's quantile forecasts, summed a step ahead, so that every horizon can be read off:
 *
 * - scaled pinball loss: mean pinball loss over `LEVELS` and steps ÷ the mean |load| that came. Twice this is the scaled
 *   CRPS (weighted quantile loss) of the literature.
 * - MASE of the median: mean |error| ÷ the seasonal naive's mean absolute error on the training part.
 * - coverage: share of actual values under each level's quantile, and inside the 5 %–95 % interval. Where a value equals
 *   quantiles (a load that is often zero has many at zero), it counts in part, as the probability integral transform
 *   of counts has it (Czado, Gneiting & Held 2009, §2): a perfect forecast of such a load holds 90 %, whereas the
 *   closed interval, told beside it as `closed90`, holds 95 % and more.
 */
import { LEVELS } from '../forecast.ts'
import { ratio } from './mase.ts'
import { pinball } from './pinball.ts'

const MEDIAN = LEVELS.indexOf(0.5)
const LOWER = LEVELS.indexOf(0.05)
const UPPER = LEVELS.indexOf(0.95)

export interface Score {
  readonly spl: number
  /** Null where the training part never changes (or by less than can be divided by). */
  readonly mase: number | null
  readonly coverage90: number
  /** The same with every value on a bound counted as inside. */
  readonly closed90: number
  /** Share of actual values under each level's quantile, ties in part. */
  readonly coverage: readonly number[]
  /** Steps that were scored. */
  readonly steps: number
}

export interface Yardstick {
  /** Mean |load| of the test part; null when it is all zero or missing. */
  readonly load: number | null
  /** Seasonal naive's mean absolute error on the training part. */
  readonly naive: number | null
}

/** Mean |load| of the known values; null when there is none, or it is zero. */
export function meanLoad(values: ArrayLike<number>): number | null {
  let sum = 0
  let seen = 0
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue
    sum += Math.abs(values[i]!)
    seen++
  }
  return sum > 0 ? sum / seen : null
}

export class Tally {
  readonly #reach: number
  readonly #loss: Float64Array
  readonly #error: Float64Array
  readonly #seen: Float64Array
  readonly #inside: Float64Array
  readonly #closed: Float64Array
  readonly #under: Float64Array

  /** `reach`: steps ahead that will be scored. */
  constructor(reach: number) {
    this.#reach = reach
    this.#loss = new Float64Array(reach)
    this.#error = new Float64Array(reach)
    this.#seen = new Float64Array(reach)
    this.#inside = new Float64Array(reach)
    this.#closed = new Float64Array(reach)
    this.#under = new Float64Array(reach * LEVELS.length)
  }

  /** One step's quantiles (one a level) and what came, for `weight` steps like it; NaN: nothing was seen or counts. */
  add(step: number, quantiles: ArrayLike<number>, actual: number, weight = 1): void {
    if (Number.isNaN(actual)) return
    this.#seen[step]! += weight
    let loss = 0
    for (let level = 0; level < LEVELS.length; level++)
      loss += pinball(LEVELS[level]!, quantiles[level]!, actual)
    this.#loss[step]! += (weight * loss) / LEVELS.length
    this.#error[step]! += weight * Math.abs(actual - quantiles[MEDIAN]!)
    this.#place(step, quantiles, actual, weight)
  }

  /** Where among the quantiles the value came to lie: a stretch of probability where it equals some of them. */
  #place(step: number, quantiles: ArrayLike<number>, actual: number, weight: number): void {
    let below = 0
    while (below < LEVELS.length && quantiles[below]! < actual) below++
    let upTo = below
    while (upTo < LEVELS.length && quantiles[upTo]! <= actual) upTo++
    const from = midLevel(below)
    const to = midLevel(upTo)
    const shareUnder = (level: number) =>
      upTo === below
        ? Number(level >= below)
        : Math.min(1, Math.max(0, (LEVELS[level]! - from) / (to - from)))
    for (let level = 0; level < LEVELS.length; level++)
      this.#under[level * this.#reach + step]! += weight * shareUnder(level)
    this.#inside[step]! += weight * (shareUnder(UPPER) - shareUnder(LOWER))
    if (actual >= quantiles[LOWER]! && actual <= quantiles[UPPER]!) this.#closed[step]! += weight
  }

  /** Over the first `steps` ahead; undefined where nothing was seen, or the load has no scale. */
  score(steps: number, yardstick: Yardstick): Score | undefined {
    const seen = sum(this.#seen, 0, steps)
    if (seen === 0 || yardstick.load === null) return undefined
    const spl = ratio(sum(this.#loss, 0, steps) / seen, yardstick.load)
    if (spl === null) return undefined
    const { naive } = yardstick
    return {
      spl,
      mase: naive === null ? null : ratio(sum(this.#error, 0, steps) / seen, naive),
      coverage90: sum(this.#inside, 0, steps) / seen,
      closed90: sum(this.#closed, 0, steps) / seen,
      coverage: LEVELS.map((_, level) => {
        const from = level * this.#reach
        return sum(this.#under, from, from + steps) / seen
      }),
      steps: seen,
    }
  }
}

/** Probability between the level under `index` and that at it; the ends are certain. */
function midLevel(index: number): number {
  if (index === 0) return 0
  return index === LEVELS.length ? 1 : (LEVELS[index - 1]! + LEVELS[index]!) / 2
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}
