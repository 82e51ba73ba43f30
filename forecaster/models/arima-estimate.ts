/**
 * Coefficients of a (seasonal) ARMA by conditional least squares: starting values by Hannan & Rissanen (1982), errors
 * from a long autoregression standing in for the unknown ones; then Gauss–Newton on the sum of squared errors (Box,
 * Jenkins & Reinsel §7.1–7.2), steps halved until the sum falls and the polynomials are stable and invertible.
 * A tenth of the time of an exact likelihood, which makes a search over orders affordable.
 */
import { type Coefficients, isStable } from './arima-step.ts'
import { leastSquares } from './least-squares.ts'
import { mean } from './seasonal-profile.ts'

export interface SeasonalOrder {
  readonly p: number
  readonly q: number
  /** Seasonal terms (0 or 1 each) at lag `m`. */
  readonly seasonalP: number
  readonly seasonalQ: number
  readonly m: number
}

export interface Estimate extends Coefficients {
  /** Mean squared error after the first `skip` steps, and how many were counted. */
  readonly variance: number
  readonly count: number
  readonly parameters: number
}

const ITERATIONS = 8
const HALVINGS = 6
const STRIDE = 1e-5
const LEAST_GAIN = 1e-6
const LONG_LAGS = 12

/** Undefined when nothing stable is found. `w` is finite; errors of the first `skip` steps are not counted. */
export function estimateArma(
  w: Float64Array,
  order: SeasonalOrder,
  withMean: boolean,
  skip: number,
): Estimate | undefined {
  let x = startingValues(w, order, withMean)
  let errors = errorsOf(w, order, x, withMean)
  let loss = squares(errors, skip)
  if (!Number.isFinite(loss)) return undefined
  for (let iteration = 0; iteration < ITERATIONS && x.length > 0; iteration++) {
    const step = gaussNewton(w, order, x, withMean, errors, skip)
    if (!step) break
    let moved = false
    for (let halving = 0, share = 1; halving < HALVINGS; halving++, share /= 2) {
      const trial = x.map((v, i) => v + share * step[i]!)
      if (!isSound(order, trial)) continue
      const trialErrors = errorsOf(w, order, trial, withMean)
      const trialLoss = squares(trialErrors, skip)
      if (!(trialLoss < loss)) continue
      moved = trialLoss < loss * (1 - LEAST_GAIN)
      x = trial
      errors = trialErrors
      loss = trialLoss
      break
    }
    if (!moved) break
  }
  const count = w.length - skip
  return { ...expand(order, x, withMean), variance: loss / count, count, parameters: x.length }
}

/** p + q + P + Q coefficients, then the mean. */
function expand(order: SeasonalOrder, x: readonly number[], withMean: boolean): Coefficients {
  const { p, q, seasonalP, seasonalQ, m } = order
  const phi = product(x.slice(0, p), seasonalP > 0 ? x[p + q]! : 0, m, -1)
  const theta = product(x.slice(p, p + q), seasonalQ > 0 ? x[p + q + seasonalP]! : 0, m, 1)
  return { phi, theta, mean: withMean ? x.at(-1)! : 0 }
}

/** Coefficients of (1 + sign·Σ a z^i)(1 + sign·s z^m), less the leading 1, times sign. */
function product(a: readonly number[], s: number, m: number, sign: 1 | -1): number[] {
  if (s === 0) return [...a]
  const out = new Array<number>(m + a.length).fill(0)
  a.forEach((v, i) => {
    out[i]! += v
    out[m + i]! += sign * v * s
  })
  out[m - 1]! += s
  return out
}

function isSound(order: SeasonalOrder, x: readonly number[]): boolean {
  const { phi, theta } = expand(order, x, false)
  return isStable(phi) && isStable(theta.map((v) => -v))
}

/** One-step errors; before the first step values are at their mean and errors zero. */
function errorsOf(
  w: Float64Array,
  order: SeasonalOrder,
  x: readonly number[],
  withMean: boolean,
): Float64Array {
  const { phi, theta, mean } = expand(order, x, withMean)
  const arLags = lagsOf(phi)
  const maLags = lagsOf(theta)
  const errors = new Float64Array(w.length)
  for (let t = 0; t < w.length; t++) {
    let sum = w[t]! - mean
    for (const lag of arLags) if (t >= lag) sum -= phi[lag - 1]! * (w[t - lag]! - mean)
    for (const lag of maLags) if (t >= lag) sum -= theta[lag - 1]! * errors[t - lag]!
    errors[t] = sum
  }
  return errors
}

function lagsOf(coefficients: readonly number[]): number[] {
  const lags: number[] = []
  coefficients.forEach((v, i) => {
    if (v !== 0) lags.push(i + 1)
  })
  return lags
}

function squares(errors: Float64Array, skip: number): number {
  let sum = 0
  for (let t = skip; t < errors.length; t++) sum += errors[t]! * errors[t]!
  return sum
}

/** The step that solves the linearised least squares; the Jacobian by forward differences. */
function gaussNewton(
  w: Float64Array,
  order: SeasonalOrder,
  x: readonly number[],
  withMean: boolean,
  errors: Float64Array,
  skip: number,
): readonly number[] | undefined {
  const columns = x.map((v, i) => {
    const stride = STRIDE * Math.max(1, Math.abs(v))
    const near = errorsOf(
      w,
      order,
      x.map((u, j) => (j === i ? u + stride : u)),
      withMean,
    )
    return near.map((e, t) => (errors[t]! - e) / stride)
  })
  return leastSquares(columns, errors, skip)
}

/**
 * Errors of a long autoregression take the place of the unknown ones, and the coefficients that of a plain regression
 * (Hannan & Rissanen 1982); drawn in until they are sound.
 */
function startingValues(w: Float64Array, order: SeasonalOrder, withMean: boolean): number[] {
  const middle = withMean ? mean(w) : 0
  const centred = w.map((v) => v - middle)
  const arLags = [...upTo(order.p), ...(order.seasonalP > 0 ? [order.m] : [])]
  const maLags = [...upTo(order.q), ...(order.seasonalQ > 0 ? [order.m] : [])]
  const long = Math.min(LONG_LAGS, w.length >> 3)
  const furthest = Math.max(0, ...arLags, ...maLags)
  let x: readonly number[] | undefined
  if (arLags.length + maLags.length > 0 && furthest + long < w.length / 2) {
    const auto = maLags.length > 0 ? leastSquares(lagged(centred, upTo(long)), centred, long) : []
    const errors = auto && residuals(centred, auto)
    const columns = errors && [...lagged(centred, arLags), ...lagged(errors, maLags)]
    x = columns && leastSquares(columns, centred, furthest + long)
  }
  let found = x ?? [...arLags, ...maLags].map(() => 0)
  // p, q, P, Q in the order of `expand`
  const { p, q } = order
  found = [
    ...found.slice(0, p),
    ...found.slice(arLags.length, arLags.length + q),
    ...found.slice(p, arLags.length),
    ...found.slice(arLags.length + q),
  ]
  for (let tries = 0; tries < 12 && !isSound(order, found); tries++)
    found = found.map((v) => 0.8 * v)
  if (!isSound(order, found)) found = found.map(() => 0)
  return withMean ? [...found, middle] : [...found]
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1)
}

function lagged(values: Float64Array, lags: readonly number[]): Float64Array[] {
  return lags.map((lag) => values.map((_, t) => (t >= lag ? values[t - lag]! : 0)))
}

function residuals(values: Float64Array, auto: readonly number[]): Float64Array {
  return values.map((v, t) => {
    let sum = v
    for (let i = 0; i < auto.length && i < t; i++) sum -= auto[i]! * values[t - 1 - i]!
    return sum
  })
}
