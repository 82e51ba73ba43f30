/**
 * The recursion of exponential smoothing in error-correction form, ETS(·,N|A|Ad,N|A|M) (Hyndman, Koehler, Ord & Snyder
 * 2008, table 2.2; FPP3 table 8.7): fitting, backtest and live updates all run these two functions. Additive and
 * multiplicative errors move the states alike, as σε enters as the plain error in both; they differ in how the
 * likelihood weighs errors (`ets-likelihood.ts`) and in the spread, which conformal calibration measures. A form without
 * a trend keeps β = 0 and trend 0, an undamped one φ = 1, one without a season a season of length 1.
 * Differs from the textbook where load needs it: one outlier may not bend the season, and a tiny share of the season is
 * no divisor.
 */
import { LARGEST_VALUE } from '../plain-data.ts'
import { neutral, type SeasonKind } from './seasonal-profile.ts'

/** Divisors below this share of the level would turn noise at night into jumps of the level. */
const LEAST_DIVISOR = 0.1
const LARGEST_INDEX = 100

/** The taxonomy's letters: none, additive, multiplicative, additive damped. */
export type ErrorForm = 'A' | 'M'
export type TrendForm = 'N' | 'A' | 'Ad'
export type SeasonForm = 'N' | 'A' | 'M'

/** `root`: the model is one of √load, on which counts of events have about the same spread at every level. */
export interface EtsForm {
  readonly error: ErrorForm
  readonly trend: TrendForm
  readonly season: SeasonForm
  readonly root: boolean
}

/** Smoothing rates of level, trend and season, and the trend's damping. */
export interface Rates {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
  readonly phi: number
}

export interface EtsState {
  readonly form: EtsForm
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
export type Step = (state: EtsState, value: number) => number

export function stepOf({ season }: EtsForm): Step {
  return season === 'M' ? stepMultiplicative : stepAdditive
}

export function seasonKind({ season }: Pick<EtsForm, 'season'>): SeasonKind {
  return season === 'M' ? 'multiplicative' : 'additive'
}

/** The load that a form foresees where level and trend make `base`, on its scale, and the season's index is `index`. */
export function pointOf(form: EtsForm, base: number, index: number): number {
  const scaled = form.season === 'M' ? base * index : base + index
  if (!(scaled > 0)) return scaled <= 0 ? 0 : Number.NaN
  return Math.min(form.root ? scaled * scaled : scaled, LARGEST_VALUE)
}

function stepAdditive(state: EtsState, value: number): number {
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
  if (state.gamma > 0) season[slot] = season[slot]! + state.gamma * within(error, state.clip)
  return error
}

function stepMultiplicative(state: EtsState, value: number): number {
  const { season, position: slot } = state
  const damped = state.phi * state.trend
  const base = state.level + damped
  const index = season[slot]!
  const error = value - base * index
  state.position = slot + 1 === season.length ? 0 : slot + 1
  state.level = within(base, LARGEST_VALUE)
  state.trend = damped
  if (Number.isNaN(error)) return error
  const divisor = Math.max(index, LEAST_DIVISOR)
  const level = base + (state.alpha * error) / divisor
  state.level = level > 0 ? Math.min(level, LARGEST_VALUE) : 0
  state.trend = within(damped + (state.beta * error) / divisor, LARGEST_VALUE)
  if (state.gamma > 0 && base > 0) {
    const bent = index + (state.gamma * within(error, state.clip)) / base
    season[slot] = bent > 0 ? Math.min(bent, LARGEST_INDEX) : 0
  }
  return error
}

/** The nearest number of [−limit, limit]; 0 is no limit. */
function within(value: number, limit: number): number {
  if (limit === 0) return value
  return value > limit ? limit : Math.max(value, -limit)
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
  for (let i = from; i < Math.min(to, values.length); i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    const index = season[i % season.length]!
    sum += kind === 'additive' ? value - index : value
    weight += kind === 'additive' ? 1 : index
  }
  return weight > 0 ? sum / weight : undefined
}

/** The season of a form without one. */
export function noSeason(kind: SeasonKind): Float64Array {
  return Float64Array.of(neutral(kind))
}

/** A state that stands before `values[from]`, with a season of its own to write to. */
export function startState(
  form: EtsForm,
  rates: Rates,
  season: Float64Array,
  from: number,
  level: number,
): EtsState {
  return {
    form,
    season: season.slice(),
    position: from % season.length,
    level,
    trend: 0,
    alpha: rates.alpha,
    beta: rates.beta,
    gamma: rates.gamma,
    phi: rates.phi,
    clip: 0,
  }
}
