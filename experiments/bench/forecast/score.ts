/**
 * Scores of one model's quantile forecasts on one trace, a figure a horizon: over the steps 1 … h of every issue time.
 *
 * - scaled pinball loss (spl): mean pinball loss over `LEVELS` and steps ÷ mean |load| of the trace's test part. Twice
 *   this is the scaled CRPS (weighted quantile loss) of the literature.
 * - MASE of the median: mean |error| ÷ mean |y[t] − y[t−day]| of the training part (y[t−1] where no day is known).
 * - coverage: share of actual values under each level's quantile, and inside the 5 %–95 % interval. Where a value equals
 *   quantiles (a load that is often zero has many at zero), it counts in part, as the probability integral transform
 *   of counts has it (Czado, Gneiting & Held 2009, §2): a perfect forecast of such a load holds 90 %, whereas the
 *   closed interval, told beside it as `closed90`, holds 95 % and more.
 */
import { naiveScale } from '../../../forecaster/accuracy/mase.ts'
import { pinball } from '../../../forecaster/accuracy/pinball.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { Split } from './split.ts'

const MEDIAN = LEVELS.indexOf(0.5)
const LOWER = LEVELS.indexOf(0.05)
const UPPER = LEVELS.indexOf(0.95)

/** Forecasts from every origin of a split: `quantiles[(origin · LEVELS.length + level) · reach + step]`. */
export type Quantiles = Float32Array | Float64Array

export interface Score {
  readonly horizon: string
  readonly spl: number
  /** Null where the training part never changes. */
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

export function yardstickOf(values: Float64Array, split: Split): Yardstick {
  let sum = 0
  let seen = 0
  for (const value of values.subarray(split.testFrom)) {
    if (Number.isNaN(value)) continue
    sum += Math.abs(value)
    seen++
  }
  const season = split.seasons[0] ?? 1
  return {
    load: sum > 0 ? sum / seen : null,
    naive: naiveScale(values.subarray(0, split.testFrom), season),
  }
}

/** Sums over the steps of all issue times, kept a step ahead, so that every horizon can be read off. */
export class Tally {
  readonly #reach: number
  readonly #loss: Float64Array
  readonly #error: Float64Array
  readonly #seen: Float64Array
  readonly #inside: Float64Array
  readonly #closed: Float64Array
  readonly #under: Float64Array

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

  /** Undefined where nothing was seen, or the load has no scale. */
  score(horizon: { name: string; steps: number }, yardstick: Yardstick): Score | undefined {
    const to = horizon.steps
    const steps = sum(this.#seen, 0, to)
    if (steps === 0 || yardstick.load === null) return undefined
    return {
      horizon: horizon.name,
      spl: sum(this.#loss, 0, to) / steps / yardstick.load,
      mase: yardstick.naive === null ? null : sum(this.#error, 0, to) / steps / yardstick.naive,
      coverage90: sum(this.#inside, 0, to) / steps,
      closed90: sum(this.#closed, 0, to) / steps,
      coverage: LEVELS.map((_, level) => {
        const from = level * this.#reach
        return sum(this.#under, from, from + to) / steps
      }),
      steps,
    }
  }
}

/** Probability between the level under `index` and that at it; the ends are certain. */
function midLevel(index: number): number {
  if (index === 0) return 0
  return index === LEVELS.length ? 1 : (LEVELS[index - 1]! + LEVELS[index]!) / 2
}

export function scoreQuantiles(quantiles: Quantiles, values: Float64Array, split: Split): Score[] {
  const { origins, reach, horizons } = split
  const tally = new Tally(reach)
  const row = new Float64Array(LEVELS.length)
  origins.forEach((origin, o) => {
    for (let k = 0; k < reach && origin + k < values.length; k++) {
      for (let level = 0; level < LEVELS.length; level++)
        row[level] = quantiles[(o * LEVELS.length + level) * reach + k]!
      tally.add(k, row, values[origin + k]!)
    }
  })
  const yardstick = yardstickOf(values, split)
  return horizons.flatMap((horizon) => tally.score(horizon, yardstick) ?? [])
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0
  for (let i = from; i < to; i++) total += values[i]!
  return total
}
