/**
 * The recursion of damped Holt–Winters in error-correction form, ETS(A,Ad,A) and ETS(A,Ad,M) (FPP3 §8.5, table 8.7):
 * fitting, backtest and live updates all run these two functions.
 */
import { LARGEST_VALUE } from '../plain-data.ts'
import type { SeasonKind } from './seasonal-profile.ts'

/** Divisors below this share of the level would turn noise at night into jumps of the level. */
const LEAST_DIVISOR = 0.1
const LARGEST_INDEX = 100

/** Smoothing rates of level, trend and season, and the trend's damping. */
export interface Rates {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly phi: number
}

export interface HoltWintersState {
  /** Seasonal index of each step of the season, and the one that comes next. */
  readonly season: Float64Array
  position: number
  level: number
  trend: number
  readonly alpha: number
  readonly beta: number
  gamma: number
  readonly phi: number
  /** Largest error that may bend the season; 0: no limit. */
  clip: number
}

/** Moves the state one step on and returns the one-step error (NaN when nothing was seen). */
export type Step = (state: HoltWintersState, value: number) => number

export function stepAdditive(state: HoltWintersState, value: number): number {
  const { season, position: slot } = state
  const damped = state.phi * state.trend
  const base = state.level + damped
  const error = value - (base + season[slot]!)
  state.position = slot + 1 === season.length ? 0 : slot + 1
  state.level = base
  state.trend = damped
  if (Number.isNaN(error)) return error
  state.level = base + state.alpha * error
  state.trend = damped + state.beta * error
  if (state.gamma > 0) season[slot] = season[slot]! + state.gamma * clipped(error, state.clip)
  return error
}

export function stepMultiplicative(state: HoltWintersState, value: number): number {
  const { season, position: slot } = state
  const damped = state.phi * state.trend
  const base = state.level + damped
  const index = season[slot]!
  const error = value - base * index
  state.position = slot + 1 === season.length ? 0 : slot + 1
  state.level = base
  state.trend = damped
  if (Number.isNaN(error)) return error
  const divisor = Math.max(index, LEAST_DIVISOR)
  const level = base + (state.alpha * error) / divisor
  state.level = level > 0 ? Math.min(level, LARGEST_VALUE) : 0
  state.trend = damped + (state.beta * error) / divisor
  if (state.gamma > 0 && base > 0) {
    const bent = index + (state.gamma * clipped(error, state.clip)) / base
    season[slot] = bent > 0 ? Math.min(bent, LARGEST_INDEX) : 0
  }
  return error
}

function clipped(error: number, limit: number): number {
  if (limit === 0) return error
  return error > limit ? limit : Math.max(error, -limit)
}

/** Level after `season` was taken out of the known values of [from, to): their mean; undefined without any. */
export function levelOf(
  values: Float64Array,
  from: number,
  to: number,
  season: Float64Array,
  kind: SeasonKind,
): number | undefined {
  let sum = 0
  let weight = 0
  for (let i = from; i < to; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    const index = season[i % season.length]!
    sum += kind === 'additive' ? value - index : value
    weight += kind === 'additive' ? 1 : index
  }
  return weight > 0 ? sum / weight : undefined
}

/** A state that stands before `values[from]`, with a season of its own to write to. */
export function startState(
  rates: Rates,
  season: Float64Array,
  from: number,
  level: number,
): HoltWintersState {
  return {
    ...rates,
    season: season.slice(),
    position: from % season.length,
    level,
    trend: 0,
    clip: 0,
  }
}
