/** Means over seeds with Student's interval, and the difference of two by Welch's (1947). */
import { studentUpperTail } from '../../../forecaster/accuracy/student-t.ts'

export interface Estimate {
  readonly mean: number
  /** Half of the interval that holds the truth in `LEVEL` of all cases; NaN of a single value. */
  readonly half: number
}

const LEVEL = 0.95
const LARGEST = 1e6

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Squared standard error of the mean. */
function errorOf(values: readonly number[]): number {
  const mean = meanOf(values)
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return squares / (values.length - 1) / values.length
}

/** t beyond which a share (1 − LEVEL) / 2 of the distribution lies, by bisection. */
export function studentQuantile(freedom: number): number {
  let [low, high] = [0, LARGEST]
  for (let i = 0; i < 200; i++) {
    const middle = (low + high) / 2
    if (studentUpperTail(middle, freedom) > (1 - LEVEL) / 2) low = middle
    else high = middle
  }
  return high
}

export function estimate(values: readonly number[]): Estimate {
  const half = studentQuantile(values.length - 1) * Math.sqrt(errorOf(values))
  return { mean: meanOf(values), half: values.length > 1 ? half : Number.NaN }
}

/** Of mean(a) − mean(b); half is 0 where neither varies. */
export function difference(a: readonly number[], b: readonly number[]): Estimate {
  const [first, second] = [errorOf(a), errorOf(b)]
  const error = first + second
  const mean = meanOf(a) - meanOf(b)
  if (error === 0) return { mean, half: 0 }
  const freedom = error ** 2 / (first ** 2 / (a.length - 1) + second ** 2 / (b.length - 1))
  return { mean, half: studentQuantile(freedom) * Math.sqrt(error) }
}
