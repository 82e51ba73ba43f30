/**
 * The recursion of ARIMA(p,d,q)(P,0,Q)m with d ≤ 1 over plain data: polynomials are multiplied out, so a seasonal term
 * is but coefficients at lags m, m+1, … (Box & Jenkins; FPP3 §9).
 *
 *   w[t] − mean = Σ phi·(w − mean) + e[t] + Σ theta·e         w is the series, differenced d times
 */

import { isShifted, newWatch, type ShiftWatch } from './shift-watch.ts'

const MEAN_RATE = 0.1

export interface Coefficients {
  readonly phi: readonly number[]
  readonly theta: readonly number[]
  /** Of the series; 0 when differenced. */
  readonly mean: number
}

export interface ArmaState {
  readonly phi: readonly number[]
  readonly theta: readonly number[]
  mean: number
  readonly differenced: boolean
  readonly watch: ShiftWatch
  /** The newest value. */
  last: number
  /** Newest first: values (differenced, if so), less their mean; and one-step errors. */
  readonly past: number[]
  readonly errors: number[]
}

export function startArma({ phi, theta, mean }: Coefficients, differenced: boolean): ArmaState {
  return {
    phi: [...phi],
    theta: [...theta],
    mean,
    differenced,
    watch: newWatch(),
    last: 0,
    past: phi.map(() => 0),
    errors: theta.map(() => 0),
  }
}

/** The next value. */
export function nextArma(state: ArmaState): number {
  return (state.differenced ? state.last : state.mean) + foreseen(state, state.past, state.errors)
}

/** One step on, and its error; an unseen step (NaN) is taken to be what was foreseen. */
export function followArma(state: ArmaState, value: number): number {
  const ahead = foreseen(state, state.past, state.errors)
  const offset = state.differenced ? state.last : state.mean
  const error = Number.isNaN(value) ? 0 : value - offset - ahead
  shift(state.past, ahead + error)
  shift(state.errors, error)
  state.last = offset + ahead + error
  return error
}

/**
 * As `followArma`, but the mean gives way when the level has shifted (`shift-watch.ts`): far from its mean an ARMA with a strong
 * moving average foresees the far side of it, step after step, and the next fit may be hours away.
 */
export function followShifting(state: ArmaState, value: number): void {
  const error = followArma(state, value)
  if (state.differenced || error === 0 || !isShifted(state.watch, error)) return
  const move = MEAN_RATE * error
  state.mean += move
  for (let i = 0; i < state.past.length; i++) state.past[i]! -= move
}

/** Writes the values of the steps ahead into `path`. */
export function foreseeArma(state: ArmaState, path: Float64Array): void {
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

/** The state after all of `values`, which are finite; `follow` as the state will be led on. */
export function armaAfter(
  values: Float64Array,
  coefficients: Coefficients,
  differenced: boolean,
  follow: (state: ArmaState, value: number) => void = followArma,
): ArmaState {
  const state = startArma(coefficients, differenced)
  state.last = values[0]!
  for (let i = differenced ? 1 : 0; i < values.length; i++) follow(state, values[i]!)
  return state
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

function foreseen(
  { phi, theta }: Pick<Coefficients, 'phi' | 'theta'>,
  past: readonly number[],
  errors: readonly number[],
): number {
  let sum = 0
  for (let i = 0; i < phi.length; i++) sum += phi[i]! * past[i]!
  for (let i = 0; i < theta.length; i++) sum += theta[i]! * errors[i]!
  return sum
}

function shift(newestFirst: number[], value: number): void {
  for (let i = newestFirst.length - 1; i > 0; i--) newestFirst[i] = newestFirst[i - 1]!
  if (newestFirst.length > 0) newestFirst[0] = value
}
