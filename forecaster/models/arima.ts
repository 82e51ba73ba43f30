/**
 * ARIMA(p,d,q) on what is left of the square root of the load when the season's shape is taken out (Box & Jenkins;
 * FPP3 §9; the square root makes a Poisson load's noise even). The package `arima` estimates coefficients once a fit;
 * updates and forecasts are our own recursion over plain data. Fits that are unstable, that our recursion cannot
 * reproduce, or that no order survives, are no model at all.
 */
import { z } from 'zod'
import type { ForecastModel } from '../model.ts'
import { clampToPath, FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { type Coefficients, fitWithLibrary, type Order } from './arima-library.ts'
import { newPath } from './path-storage.ts'
import { seasonalProfile } from './seasonal-profile.ts'

const ORDERS: readonly Order[] = [
  { p: 1, d: 0, q: 1 },
  { p: 3, d: 0, q: 0 },
  { p: 0, d: 1, q: 1 },
  { p: 1, d: 1, q: 1 },
]
const LEAST_POINTS = 60
/** The library fails from about 10,000 points on, and its time grows with them; the recent past says enough. */
const MOST_POINTS = 1000
const CHECK_STEPS = 4
const CHECK_TOLERANCE = 1e-4

const StoredState = z.strictObject({
  season: FiniteNumbers,
  position: z.int().min(0),
  phi: z.array(z.number()).max(8),
  theta: z.array(z.number()).max(8),
  mean: z.number(),
  differenced: z.boolean(),
  last: z.number(),
  past: z.array(z.number()).max(8),
  errors: z.array(z.number()).max(8),
})
export interface ArimaState {
  readonly season: Float64Array
  position: number
  readonly phi: readonly number[]
  readonly theta: readonly number[]
  readonly mean: number
  readonly differenced: boolean
  /** The newest remainder √y − season. */
  last: number
  /** Newest first: remainders (differenced, if so), less their mean; and one-step errors. */
  readonly past: number[]
  readonly errors: number[]
}

export const arima: ForecastModel<ArimaState> = {
  kind: 'arima',
  fit(history, { seasons }) {
    const roots = usableHistory(history).map(Math.sqrt)
    const seasonSteps = seasons[0] ?? 1
    const seasonal = roots.length >= seasonSteps
    const season = seasonal ? seasonalProfile(roots, seasonSteps, 'additive') : new Float64Array(1)
    return fitRemainder(roots, season)
  },
  update(state, value) {
    const root = Math.sqrt(usable(value))
    follow(state, root - state.season[state.position]!)
    state.position = state.position + 1 === state.season.length ? 0 : state.position + 1
    return state
  },
  next(state) {
    const ahead = state.mean + foreseen(state, state.past, state.errors)
    const remainder = state.differenced ? state.last + ahead : ahead
    return toLoad(remainder + state.season[state.position]!)
  },
  predict(state, horizonSteps) {
    const path = newPath(horizonSteps)
    const { season } = state
    let slot = state.position
    remainders(state, path)
    for (let k = 0; k < horizonSteps; k++) {
      path[k] = toLoad(path[k]! + season[slot]!)
      slot = slot + 1 === season.length ? 0 : slot + 1
    }
    return path
  },
  read(stored) {
    const state = StoredState.parse(stored)
    return { ...state, position: state.position % state.season.length }
  },
}

function toLoad(root: number): number {
  return clampToPath(root > 0 ? root * root : root)
}

function fitRemainder(roots: Float64Array, season: Float64Array): ArimaState | undefined {
  const from = Math.max(0, roots.length - MOST_POINTS)
  const known = roots.subarray(from).reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0)
  if (known < LEAST_POINTS) return undefined
  const remainder = joinGaps(roots.map((v, i) => v - season[i % season.length]!)).subarray(from)
  if (isConstant(remainder)) return undefined
  let best: ArimaState | undefined
  let least = Number.POSITIVE_INFINITY
  for (const order of ORDERS) {
    const coefficients = estimate(remainder, order)
    if (!coefficients) continue
    const state = initialState(season, roots.length % season.length, coefficients, order.d === 1)
    const loss = run(state, remainder)
    if (loss < least) {
      least = loss
      best = state
    }
  }
  return best
}

/** Coefficients that are finite, stable, and with which our recursion gives the library's forecasts. */
function estimate(remainder: Float64Array, order: Order): Coefficients | undefined {
  const fit = fitWithLibrary(Array.from(remainder), order, CHECK_STEPS)
  if (!fit || ![...fit.phi, ...fit.theta, fit.mean, ...fit.forecasts].every(Number.isFinite))
    return undefined
  if (!isStable(fit.phi) || !isStable(fit.theta.map((v) => -v))) return undefined
  const state = initialState(new Float64Array(1), 0, fit, order.d === 1)
  run(state, remainder)
  const own = new Float64Array(CHECK_STEPS)
  remainders(state, own)
  const scale = Math.max(1, ...remainder.map(Math.abs))
  const agrees = own.every((v, k) => Math.abs(v - fit.forecasts[k]!) <= CHECK_TOLERANCE * scale)
  return agrees ? fit : undefined
}

/** Whether 1 − Σ a[i]·z^(i+1) has all its roots outside the unit circle (Levinson–Durbin, stepped down). */
export function isStable(coefficients: readonly number[]): boolean {
  let a = [...coefficients]
  while (a.length > 0) {
    const reflection = a.at(-1)!
    if (!(Math.abs(reflection) < 0.9999)) return false
    const n = a.length
    a = a
      .slice(0, n - 1)
      .map((v, i) => (v + reflection * a[n - 2 - i]!) / (1 - reflection * reflection))
  }
  return true
}

function initialState(
  season: Float64Array,
  position: number,
  { phi, theta, mean }: Coefficients,
  differenced: boolean,
): ArimaState {
  return {
    season,
    position,
    phi: [...phi],
    theta: [...theta],
    mean,
    differenced,
    last: 0,
    past: phi.map(() => 0),
    errors: theta.map(() => 0),
  }
}

/** Runs through `remainder` and returns the mean absolute error, one and several steps ahead. */
function run(state: ArimaState, remainder: Float64Array): number {
  const ahead = new Float64Array(8)
  state.last = remainder[0]!
  let sum = 0
  let count = 0
  for (let i = state.differenced ? 1 : 0; i < remainder.length; i++) {
    if (i % 4 === 0 && i > 16 && i + ahead.length <= remainder.length) {
      remainders(state, ahead)
      for (let k = 0; k < ahead.length; k++) sum += Math.abs(remainder[i + k]! - ahead[k]!)
      count += ahead.length
    }
    follow(state, remainder[i]!)
  }
  return count === 0 ? Number.POSITIVE_INFINITY : sum / count
}

/** One step on; an unseen step is taken to be what was foreseen. */
function follow(state: ArimaState, remainder: number): void {
  const ahead = foreseen(state, state.past, state.errors)
  const offset = state.differenced ? state.last : state.mean
  const error = Number.isNaN(remainder) ? 0 : remainder - offset - ahead
  shift(state.past, ahead + error)
  shift(state.errors, error)
  state.last = offset + ahead + error
}

function foreseen(
  { phi, theta }: ArimaState,
  past: readonly number[],
  errors: readonly number[],
): number {
  let sum = 0
  for (let i = 0; i < phi.length; i++) sum += phi[i]! * past[i]!
  for (let i = 0; i < theta.length; i++) sum += theta[i]! * errors[i]!
  return sum
}

/** Writes the remainders of the steps ahead into `path`. */
function remainders(state: ArimaState, path: Float64Array): void {
  const past = [...state.past]
  const errors = [...state.errors]
  let last = state.last
  for (let k = 0; k < path.length; k++) {
    const ahead = foreseen(state, past, errors)
    shift(past, ahead)
    shift(errors, 0)
    last = (state.differenced ? last : state.mean) + ahead
    path[k] = last
  }
}

function shift(newestFirst: number[], value: number): void {
  for (let i = newestFirst.length - 1; i > 0; i--) newestFirst[i] = newestFirst[i - 1]!
  if (newestFirst.length > 0) newestFirst[0] = value
}

/** Straight lines across gaps; the nearest known value before the first and after the last. */
function joinGaps(values: Float64Array): Float64Array {
  const out = values.slice()
  let before = -1
  for (let i = 0; i <= values.length; i++) {
    const known = i < values.length && !Number.isNaN(values[i]!)
    if (!known && i < values.length) continue
    const left = before >= 0 ? values[before]! : values[i]!
    const right = i < values.length ? values[i]! : left
    for (let j = before + 1; j < i; j++)
      out[j] = left + ((right - left) * (j - before)) / (i - before)
    before = i
  }
  return out
}

function isConstant(values: Float64Array): boolean {
  const first = values[0]!
  return values.every((v) => Math.abs(v - first) <= 1e-9 * (1 + Math.abs(first)))
}
