/**
 * The dynamic optimised theta model's recursion (Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler 2016, §3.2) and the choice of its
 * parameters. Exponential smoothing of level ℓ, pulled along by a share ω = 1 − 1/θ of the line of least squares
 * through all n values seen, with intercept A and slope B:
 *
 *   μ = ℓ + ω · ((1 − α)^n · A + (1 − (1 − α)^(n+1)) / α · B)
 *
 * A step not seen is taken to be what was foreseen; so is, in turn, every step ahead.
 */
import { LARGEST_VALUE } from '../plain-data.ts'
import { nelderMead } from './nelder-mead.ts'

const EVALUATIONS = 80
/** Steps seen before errors count (a quarter of a short series), as the line swings at first. */
const SETTLE_STEPS = 6

/** The recursion alone, after `count` values. */
export interface ThetaLine {
  readonly alpha: number
  /** ω = 1 − 1/θ. */
  readonly weight: number
  level: number
  count: number
  mean: number
  intercept: number
  slope: number
  /** (1 − α)^count. */
  decay: number
}

/** A line that has seen `first` only, its level before that being `start`. */
export function lineFrom(first: number, alpha: number, weight: number, start: number): ThetaLine {
  return {
    alpha,
    weight,
    level: alpha * first + (1 - alpha) * start,
    count: 1,
    mean: first,
    intercept: first,
    slope: 0,
    decay: 1 - alpha,
  }
}

/** The value foreseen for the next step. */
export function aheadOf({ alpha, weight, level, intercept, slope, decay }: ThetaLine): number {
  const lag = (1 - decay * (1 - alpha)) / alpha
  return level + weight * (decay * intercept + lag * slope)
}

/** One seasonally adjusted value later. */
export function follow(line: ThetaLine, value: number): void {
  const n = line.count
  const bounded = Math.min(Math.max(value, -LARGEST_VALUE), LARGEST_VALUE)
  line.level = line.alpha * bounded + (1 - line.alpha) * line.level
  line.slope = ((n - 1) * line.slope + (6 * (bounded - line.mean)) / (n + 1)) / (n + 2)
  line.mean = (n * line.mean + bounded) / (n + 1)
  line.intercept = line.mean - (line.slope * (n + 2)) / 2
  line.count = n + 1
  line.decay *= 1 - line.alpha
}

/** α, ω and the first level. */
export type Parameters = readonly [alpha: number, weight: number, start: number]

export function lineAfter(
  values: Float64Array,
  [alpha, weight, start]: Parameters,
): ThetaLine | undefined {
  const first = values.findIndex((v) => !Number.isNaN(v))
  if (first < 0) return undefined
  const line = lineFrom(values[first]!, alpha, weight, start)
  for (let i = first + 1; i < values.length; i++)
    follow(line, Number.isNaN(values[i]!) ? aheadOf(line) : values[i]!)
  return line
}

/** Parameters with the least mean absolute error `horizons` (ascending) steps ahead, over `values` (NaN: not seen). */
export function chooseParameters(values: Float64Array, horizons: readonly number[]): Parameters {
  const known = values.filter((v) => !Number.isNaN(v))
  const first = known[0] ?? 0
  let reach = 0
  for (const v of known) reach = Math.max(reach, Math.abs(v - first))
  const box = { lower: [0.02, 0, first - reach], upper: [0.99, 0.98, first + reach] }
  const loss = (x: readonly number[]): number => pathLoss(values, horizons, parametersOf(x))
  let start: readonly number[] = []
  let least = Number.POSITIVE_INFINITY
  for (const alpha of [0.05, 0.2, 0.5, 0.9])
    for (const weight of [0, 0.5]) {
      const x = [alpha, weight, first]
      const value = loss(x)
      if (start.length === 0 || value < least) {
        least = value
        start = x
      }
    }
  return parametersOf(nelderMead(loss, start, box, EVALUATIONS))
}

function parametersOf([alpha = 0.5, weight = 0, start = 0]: readonly number[]): Parameters {
  return [alpha, weight, start]
}

/** Paths are followed from some steps only, as one costs as many steps as it is long. */
function pathLoss(
  values: Float64Array,
  horizons: readonly number[],
  [alpha, weight, start]: Parameters,
): number {
  const first = values.findIndex((v) => !Number.isNaN(v))
  if (first < 0) return Number.POSITIVE_INFINITY
  const line = lineFrom(values[first]!, alpha, weight, start)
  const ahead = { ...line }
  const stride = Math.max(1, horizons.at(-1)! >> 1)
  const settled = first + Math.min(SETTLE_STEPS, values.length >> 2)
  const misses = { sum: 0, count: 0 }
  for (let i = first + 1; i < values.length; i++) {
    if (i % stride === 0 && i >= settled)
      followPath(Object.assign(ahead, line), values, i, horizons, misses)
    const value = values[i]!
    follow(line, Number.isNaN(value) ? aheadOf(line) : value)
  }
  return misses.count === 0 ? Number.POSITIVE_INFINITY : misses.sum / misses.count
}

/** Adds the errors of the path from `from` on; `line` is used up. */
function followPath(
  line: ThetaLine,
  values: Float64Array,
  from: number,
  horizons: readonly number[],
  misses: { sum: number; count: number },
): void {
  let next = 0
  for (let i = from; i < values.length && next < horizons.length; i++) {
    const point = aheadOf(line)
    if (i - from + 1 === horizons[next]) {
      next++
      const miss = Math.abs(values[i]! - point)
      if (!Number.isNaN(miss)) {
        misses.sum += miss
        misses.count++
      }
    }
    follow(line, point)
  }
}
