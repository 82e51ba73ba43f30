/**
 * What a whole forecaster's forecasts hang on, whatever its models: permutation importance (Breiman 2001; Fisher, Rudin &
 * Dominici 2019). One input at a time is replaced by what it was at other times, block by block, and the loss over the
 * same issue times is held against that with everything in its place.
 *
 *   recent       the newest steps are those of another season (of another time, without a season)
 *   season       in the history, each season begins anew at a place of its own: the load is there, its time is not
 *   covariates   those ahead are what they were at another time
 *
 * Forecasters are fitted on what came before the first issue time.
 */
import { meanPinball } from './accuracy/pinball.ts'
import type { ForecastConfig } from './config.ts'
import { type Covariate, fromStep } from './covariates/effects.ts'
import { LEVELS, quantileAt } from './forecast.ts'
import { advance, type ForecasterState, fitForecaster, forecastAt } from './forecaster.ts'
import type { FitContext } from './model.ts'
import { seededRandom } from './random.ts'
import type { Series } from './series.ts'

export interface InputImportance {
  readonly input: 'recent' | 'season' | 'covariates'
  readonly seasonSteps: number | null
  /** Loss with the input permuted, over that with it in place; 1 says that it does not matter. */
  readonly lossRatio: number
}

export interface ForecasterImportance {
  /** The most important first. */
  readonly inputs: readonly InputImportance[]
  readonly issueTimes: number
  /** Mean pinball loss with everything in its place, in the unit of the load. */
  readonly loss: number
}

export interface ImportanceOptions {
  readonly covariates?: readonly Covariate[]
  readonly neural?: FitContext['neural']
}

const ISSUE_TIMES = 12
const REPEATS = 3
const MOST_STEPS = 6000
const LEAST_STEPS = 60
/** Steps ahead that are scored, at most. */
const SCORED_STEPS = 12

/** Undefined for a series too short, or whose forecasts have no loss. */
export function permutationImportance(
  whole: Series,
  config: ForecastConfig,
  seed: number,
  { covariates: given = [], neural }: ImportanceOptions = {},
): ForecasterImportance | undefined {
  const skipped = Math.max(0, whole.values.length - MOST_STEPS)
  const series = { ...whole, values: whole.values.slice(skipped) }
  const covariates = given.map((covariate) => fromStep(covariate, skipped))
  if (series.values.length < LEAST_STEPS) return undefined
  const trainTo = series.values.length - (series.values.length >> 2)
  const learn = (values: Float64Array, known: ForecastConfig) =>
    fitForecaster({ ...series, values }, known, seed, { covariates, neural }).state
  const state = learn(series.values.slice(0, trainTo), config)
  const walk: Walk = {
    ...{ series, config, covariates, trainTo },
    recent: recentSteps(state, config.horizonSteps),
    random: seededRandom(seed),
  }
  const times = issueTimes(walk)
  if (times.length === 0) return undefined
  const loss = meanOf(lossesAlong(walk, state, times, {}))
  if (!(loss > 0)) return undefined
  const ratio = (losses: readonly number[]) => meanOf(losses) / loss
  const { seasons } = state
  const repeated = (change: Change) =>
    ratio(Array.from({ length: REPEATS }, () => lossesAlong(walk, state, times, change)).flat())
  const inputs: InputImportance[] = [
    {
      input: 'recent',
      seasonSteps: null,
      lossRatio: repeated({ recent: otherRecent(walk, seasons.at(-1)) }),
    },
  ]
  const seasonsMs = seasons.map((steps) => steps * series.stepMs)
  seasons.forEach((seasonSteps, i) => {
    const values = rotated(series.values, seasonSteps, seasons[i - 1] ?? 1, walk.random)
    const blind = learn(values.slice(0, trainTo), { ...config, seasonsMs })
    inputs.push({
      input: 'season',
      seasonSteps,
      lossRatio: ratio(lossesAlong(walk, blind, times, { history: values })),
    })
  })
  if (state.effects)
    inputs.push({
      input: 'covariates',
      seasonSteps: null,
      lossRatio: repeated({ ahead: otherTime(walk) }),
    })
  inputs.sort((a, b) => b.lossRatio - a.lossRatio)
  return { inputs, issueTimes: times.length, loss }
}

interface Walk {
  readonly series: Series
  readonly config: ForecastConfig
  readonly covariates: readonly Covariate[]
  readonly trainTo: number
  /** The newest steps, that `recent` is about. */
  readonly recent: number
  readonly random: () => number
}

interface Change {
  /** In place of the series before the newest steps. */
  readonly history?: Float64Array
  /** The newest steps before an issue time. */
  readonly recent?: (issuedAt: number) => Float64Array
  /** The step whose covariates stand in for those from an issue time on. */
  readonly ahead?: (issuedAt: number) => number
}

function recentSteps({ seasons }: ForecasterState, horizonSteps: number): number {
  const season = seasons[0] ?? horizonSteps
  return Math.max(4, Math.min(horizonSteps, season >> 2))
}

/** Spread over the test part; where covariates act, as many before they do. */
function issueTimes({ series, config, covariates, trainTo, recent }: Walk): number[] {
  const reach = Math.min(config.horizonSteps, (series.values.length - trainTo) >> 1)
  const first = trainTo + recent
  const last = series.values.length - reach
  if (last <= first) return []
  const even = Array.from(
    { length: ISSUE_TIMES },
    (_, i) => first + Math.floor(((last - first) * i) / ISSUE_TIMES),
  )
  const begins = (t: number) =>
    covariates.some(({ kind, values }) => kind === 'event' && values[t] && !values[t - 1])
  const before: number[] = []
  for (let t = first; t < last && before.length < ISSUE_TIMES; t++)
    if (begins(Math.min(t + (reach >> 1), series.values.length - 1))) before.push(t)
  return [...new Set([...even, ...before])].sort((a, b) => a - b)
}

/** Mean loss of each issue time. The state given stays as it is. */
function lossesAlong(
  walk: Walk,
  start: ForecasterState,
  times: readonly number[],
  change: Change,
): number[] {
  const { series, trainTo, recent } = walk
  const history = change.history ?? series.values
  let state = structuredClone(start)
  let at = trainTo
  return times.map((issuedAt) => {
    for (; at < issuedAt - recent; at++)
      state = advance(state, history[at]!, covariatesAt(walk, state, at))
    const newest = change.recent?.(issuedAt) ?? series.values.subarray(issuedAt - recent, issuedAt)
    let here = structuredClone(state)
    newest.forEach((load, k) => {
      here = advance(here, load, covariatesAt(walk, here, issuedAt - recent + k))
    })
    return lossAt(walk, here, issuedAt, change.ahead?.(issuedAt) ?? issuedAt)
  })
}

function covariatesAt({ covariates }: Walk, { effects }: ForecasterState, t: number): number[] {
  return (effects?.effects ?? []).map(
    ({ name }) => covariates.find((one) => one.name === name)?.values[t] ?? Number.NaN,
  )
}

function lossAt(
  { series, config, covariates }: Walk,
  state: ForecasterState,
  issuedAt: number,
  known: number,
): number {
  const ahead = (state.effects?.effects ?? []).map(({ name }) => {
    const { values, aheadSteps } = covariates.find((one) => one.name === name)!
    return values.subarray(known, known + Math.min(aheadSteps, config.horizonSteps))
  })
  const forecast = forecastAt(state, 0, series, config, ahead)
  const steps = forecast.point.length
  const stride = Math.max(1, Math.floor(steps / SCORED_STEPS))
  const row = new Float64Array(LEVELS.length)
  let sum = 0
  let scored = 0
  for (let k = 0; k < steps; k += stride) {
    const load = series.values[issuedAt + k]
    if (load === undefined || Number.isNaN(load)) continue
    for (let level = 0; level < LEVELS.length; level++) row[level] = quantileAt(forecast, level, k)
    sum += meanPinball(row, load)
    scored++
  }
  return scored === 0 ? Number.NaN : sum / scored
}

/** The newest steps as they were at the same time of another season; of any time, without a season. */
function otherRecent({ series, recent, random }: Walk, season: number | undefined) {
  return (issuedAt: number): Float64Array => {
    const room = issuedAt - recent
    const seasons = season === undefined ? 0 : Math.floor(room / season)
    const back =
      seasons > 0 ? season! * (1 + Math.floor(random() * seasons)) : Math.floor(random() * room)
    return series.values.subarray(room - back, issuedAt - back)
  }
}

/** A time at least a horizon away. */
function otherTime({ series, config, random }: Walk) {
  return (issuedAt: number): number => {
    const room = series.values.length - 2 * config.horizonSteps
    const shift = config.horizonSteps + Math.floor(random() * Math.max(1, room))
    return (issuedAt + shift) % Math.max(1, series.values.length - config.horizonSteps)
  }
}

/** Each season of the history, begun at another place: by whole shorter seasons, so that these stay. */
function rotated(
  values: Float64Array,
  season: number,
  part: number,
  random: () => number,
): Float64Array {
  const out = values.slice()
  for (let from = 0; from + season <= values.length; from += season) {
    const by = part * Math.floor(random() * Math.floor(season / part))
    for (let i = 0; i < season; i++) out[from + i] = values[from + ((i + by) % season)]!
  }
  return out
}

function meanOf(losses: readonly number[]): number {
  const known = losses.filter((loss) => !Number.isNaN(loss))
  return known.reduce((sum, loss) => sum + loss, 0) / Math.max(1, known.length)
}
