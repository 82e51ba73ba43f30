/**
 * Holt-Winters' exponential smoothing with given smoothing parameters, as statsmodels computes it: the forecast of one
 * step that predictive-horizontal-pod-autoscaler asks for.
 *
 *   level  l[t] = α·deseason(y[t], s[t−m]) + (1 − α)·grow(l[t−1], φ·b[t−1])
 *   trend  b[t] = β·ungrow(l[t], l[t−1]) + (1 − β)·φ·b[t−1]
 *   season s[t] = γ·deseason(y[t], grow(l[t−1], φ·b[t−1])) + (1 − γ)·s[t−m]
 *
 * Source: statsmodels 0.14 and 0.15 tsa/holtwinters/model.py (`_predict`, `_optimize_parameters`) and
 * tsa/exponential_smoothing/initialization.py. With "estimated" the initial states are those of the least squared
 * error from the heuristic ones on (here by Levenberg and Marquardt, one step when all is additive; there L-BFGS-B).
 */
import { leastSquares } from '../../forecaster/models/least-squares.ts'

export interface HoltWinters {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly trend: 'add' | 'mul'
  readonly seasonal: 'add' | 'mul'
  /** Steps, 2 at least. */
  readonly seasonalPeriods: number
  /** φ; 1: the trend is not damped. */
  readonly damping: number
  readonly initialization: 'estimated' | 'heuristic' | 'legacy-heuristic'
}

/** Level, trend, and one value a season's step. */
export type InitialStates = readonly number[]

/** Steps of history without which statsmodels refuses: two seasons, and ten values of the centred moving average. */
export function leastHistory(seasonalPeriods: number): number {
  return Math.max(2 * seasonalPeriods, 10 + 2 * Math.floor(seasonalPeriods / 2))
}

/** The value after the last of `series`; undefined when it is no number. `series` has `leastHistory` values at least. */
export function forecastNext(series: Float64Array, model: HoltWinters): number | undefined {
  const first = initialStates(series, model)
  const states = model.initialization === 'estimated' ? estimate(series, model, first) : first
  const forecast = smooth(series, model, states)
  return Number.isFinite(forecast) ? forecast : undefined
}

/** A component put on, taken off, and damped: multiplied, or added. Small, so that they are inlined. */
const on = (a: number, b: number, isMul: boolean): number => (isMul ? a * b : a + b)
const off = (a: number, b: number, isMul: boolean): number => (isMul ? a / b : a - b)
const damp = (trend: number, phi: number, isMul: boolean): number =>
  phi === 1 ? trend : isMul ? trend ** phi : trend * phi

/** Runs through the series and gives the forecast of the next value; `errors` takes that of each step. */
function smooth(
  series: Float64Array,
  model: HoltWinters,
  states: InitialStates,
  errors?: Float64Array,
): number {
  const { alpha, beta, gamma, seasonalPeriods: m, damping } = model
  const mulTrend = model.trend === 'mul'
  const mulSeason = model.seasonal === 'mul'
  const seasons = Float64Array.from(states.slice(2))
  let level = states[0]!
  let trend = states[1]!
  let step = 0
  for (let t = 0; t < series.length; t++) {
    const y = series[t]!
    const damped = damp(trend, damping, mulTrend)
    const expected = on(level, damped, mulTrend)
    const last = seasons[step]!
    if (errors !== undefined) errors[t] = y - on(expected, last, mulSeason)
    const next = alpha * off(y, last, mulSeason) + (1 - alpha) * expected
    trend = beta * off(next, level, mulTrend) + (1 - beta) * damped
    seasons[step] = gamma * off(y, expected, mulSeason) + (1 - gamma) * last
    level = next
    step = step + 1 === m ? 0 : step + 1
  }
  return on(on(level, damp(trend, damping, mulTrend), mulTrend), seasons[step]!, mulSeason)
}

function initialStates(series: Float64Array, model: HoltWinters): InitialStates {
  return model.initialization === 'legacy-heuristic'
    ? legacy(series, model)
    : heuristic(series, model)
}

/** Hyndman et al. (2008), section 2.6: seasons of a centred moving average, then a line through ten of its values. */
function heuristic(
  series: Float64Array,
  { trend, seasonal, seasonalPeriods: m }: HoltWinters,
): number[] {
  const cycles = Math.max(
    Math.min(5, Math.floor(series.length / m)),
    Math.ceil((10 + 2 * Math.floor(m / 2)) / m),
  )
  const used = series.subarray(0, Math.min(series.length, m * cycles))
  const middle = movingAverage(used, m)
  const seasons = Array.from({ length: m }, (_, s) => {
    let sum = 0
    let count = 0
    for (let t = s; t < used.length; t += m) {
      if (Number.isNaN(middle[t]!)) continue
      sum += seasonal === 'mul' ? used[t]! / middle[t]! : used[t]! - middle[t]!
      count++
    }
    return sum / count
  })
  const mean = seasons.reduce((sum, value) => sum + value, 0) / m
  const normal = seasons.map((value) => (seasonal === 'mul' ? value / mean : value - mean))
  // the first ten values of the moving average, which begins half a season in
  const half = Math.floor(m / 2)
  const { intercept, slope } = lineOf(middle.subarray(half, half + 10))
  return [intercept, trend === 'mul' ? 1 + slope / intercept : slope, ...normal]
}

/** Centred over one season; of an even one the mean of two neighbours. NaN at both ends. */
function movingAverage(series: Float64Array, m: number): Float64Array {
  const middle = new Float64Array(series.length).fill(Number.NaN)
  const sums = new Float64Array(series.length + 1)
  for (let t = 0; t < series.length; t++) sums[t + 1] = sums[t]! + series[t]!
  const half = Math.floor(m / 2)
  for (let t = half; t + half < series.length; t++) {
    const whole = sums[t + half + 1]! - sums[t - half]!
    const ends = m % 2 === 0 ? (series[t - half]! + series[t + half]!) / 2 : 0
    middle[t] = (whole - ends) / m
  }
  return middle
}

/** Least squares on 1, 2, 3, … */
function lineOf(values: Float64Array): { intercept: number; slope: number } {
  const n = values.length
  const meanX = (n + 1) / 2
  const meanY = values.reduce((sum, value) => sum + value, 0) / n
  let xy = 0
  let xx = 0
  for (let i = 0; i < n; i++) {
    xy += (i + 1 - meanX) * (values[i]! - meanY)
    xx += (i + 1 - meanX) ** 2
  }
  const slope = xy / xx
  return { intercept: meanY - slope * meanX, slope }
}

/** statsmodels' `initial_values`: the first season against the mean of the seasons' first steps. */
function legacy(
  series: Float64Array,
  { trend, seasonal, seasonalPeriods: m }: HoltWinters,
): number[] {
  let first = 0
  let count = 0
  for (let t = 0; t < series.length; t += m) {
    first += series[t]!
    count++
  }
  const level = first / count
  const lag = meanOf(series.subarray(0, m))
  const lead = meanOf(series.subarray(m, 2 * m))
  const slope = trend === 'mul' ? Math.exp(Math.log(lead / lag) / m) : (lead - lag) / m
  const seasons = Array.from(series.subarray(0, m), (y) =>
    seasonal === 'mul' ? y / level : y - level,
  )
  return [level, slope, ...seasons]
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const MOST_STEPS = 100
const ENOUGH = 1e-10

/** The initial states of least squared one-step errors, from `start` on. */
function estimate(series: Float64Array, model: HoltWinters, start: InitialStates): InitialStates {
  const errors = new Float64Array(series.length)
  let states = start
  let loss = lossOf(series, model, states, errors)
  let damping = 0
  for (let step = 0; step < MOST_STEPS && loss > 0; step++) {
    const change = gaussNewton(series, model, states, errors, damping)
    const next = states.map((value, i) => bounded(value + (change?.[i] ?? 0), i, model))
    const nextErrors = new Float64Array(series.length)
    const nextLoss = change === undefined ? Infinity : lossOf(series, model, next, nextErrors)
    if (!(nextLoss < loss)) {
      damping = Math.max(1e-6, damping * 10)
      if (damping > 1e6) break
      continue
    }
    const gain = (loss - nextLoss) / loss
    states = next
    loss = nextLoss
    errors.set(nextErrors)
    damping = damping < 1e-5 ? 0 : damping / 10
    if (gain < ENOUGH) break
  }
  return states
}

function lossOf(
  series: Float64Array,
  model: HoltWinters,
  states: InitialStates,
  errors: Float64Array,
): number {
  smooth(series, model, states, errors)
  let sum = 0
  for (const error of errors) sum += error * error
  return Number.isFinite(sum) ? sum : Number.POSITIVE_INFINITY
}

/** No multiplicative state below nothing, as statsmodels' bounds have it. */
function bounded(value: number, i: number, { trend, seasonal }: HoltWinters): number {
  const isMul =
    i === 0 ? trend === 'mul' || seasonal === 'mul' : (i === 1 ? trend : seasonal) === 'mul'
  return isMul ? Math.max(0, value) : value
}

/**
 * The step that would null the errors were they linear in the states; the last season stays, because a level and all
 * seasons shifted against each other forecast the same.
 */
function gaussNewton(
  series: Float64Array,
  model: HoltWinters,
  states: InitialStates,
  errors: Float64Array,
  damping: number,
): readonly number[] | undefined {
  const free = states.length - 1
  const n = series.length
  const columns = Array.from({ length: free }, (_, i) => {
    const width = 1e-4 * Math.max(1, Math.abs(states[i]!))
    const moved = states.map((value, k) => (k === i ? value + width : value))
    const column = new Float64Array(n + free)
    smooth(series, model, moved, column)
    let norm = 0
    for (let t = 0; t < n; t++) {
      column[t] = (errors[t]! - column[t]!) / width
      norm += column[t]! ** 2
    }
    column.fill(0, n)
    column[n + i] = Math.sqrt(damping * norm)
    return column
  })
  const target = new Float64Array(n + free)
  target.set(errors)
  return leastSquares(columns, target, 0)
}
