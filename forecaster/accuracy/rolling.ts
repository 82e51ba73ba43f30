/**
 * Rolling-origin backtest of the whole forecaster on one series (FPP3 §5.10): fitted on what came before the test part,
 * it follows the series step by step as it does live, and forecasts from issue times spread over the test part, each
 * knowing what came before it and nothing else. One entrant is the default; each model alone is another.
 */
import type { ForecastConfig } from '../config.ts'
import type { Contestant } from '../contest.ts'
import { type Forecast, LEVELS, type ModelKind, quantileAt } from '../forecast.ts'
import { advance, fitForecaster, forecastAt } from '../forecaster.ts'
import type { Series } from '../series.ts'
import { naiveScale } from './mase.ts'
import { meanLoad, type Score, Tally, type Yardstick } from './tally.ts'

export interface RollingPlan {
  /** Values before this index are the training part. */
  readonly testFrom: number
  /** Issue times: a forecast from `origins[i]` knows the values before that index. */
  readonly origins: readonly number[]
  /** Steps ahead over which scores are told, ascending. */
  readonly horizons: readonly number[]
}

export interface RollingOptions {
  readonly horizons: readonly number[]
  readonly origins: number
  /** Share of the series that is tested on. */
  readonly testShare: number
}

export interface RollingResult {
  /** What was asked for: a model alone, or `ensemble` for the configured models together. */
  readonly entrant: ModelKind
  /** The model that spoke. */
  readonly spoke: ModelKind
  /** One a horizon; null where nothing could be scored. */
  readonly scores: readonly (Score | null)[]
  readonly fitMs: number
  /** Mean over the issue times. */
  readonly forecastMs: number
  readonly seasons: readonly number[]
  readonly contest: readonly Contestant[]
  /** One an issue time, in order. */
  readonly forecasts: readonly Forecast[]
}

const LEAST_TRAINING = 32
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** Undefined for a series too short to train on and test the shortest horizon. */
export function planRolling(length: number, options: RollingOptions): RollingPlan | undefined {
  const testFrom = length - Math.round(length * options.testShare)
  const room = length - testFrom
  const horizons = options.horizons.filter((steps) => steps <= room)
  if (testFrom < LEAST_TRAINING || horizons.length === 0) return undefined
  const last = length - Math.min(horizons.at(-1)!, Math.ceil(room / 2))
  const stretch = (last - testFrom + 1) / options.origins
  // one at an uneven place in each of equally long stretches: they fall on all times of the day
  const origins = Array.from(
    { length: options.origins },
    (_, i) => testFrom + Math.floor((i + (((i + 1) * GOLDEN) % 1)) * stretch),
  )
  return { testFrom, origins: [...new Set(origins)], horizons }
}

/** `clock` tells milliseconds, for the times of fit and forecast. */
export function rollingBacktest(
  series: Series,
  entrant: ModelKind,
  given: ForecastConfig,
  seed: number,
  plan: RollingPlan,
  clock: () => number,
): RollingResult {
  const reach = plan.horizons.at(-1)!
  const models = entrant === 'ensemble' ? [...new Set(given.models).add('ensemble')] : [entrant]
  const config = { ...given, horizonSteps: reach, models }
  const { values, stepMs, startMs } = series
  const fitFrom = Math.max(0, plan.testFrom - config.historySteps)
  const past = values.slice(fitFrom, plan.testFrom)
  const begun = clock()
  const fitted = fitForecaster(
    { ...series, startMs: startMs + fitFrom * stepMs, values: past },
    config,
    seed,
  )
  const fitMs = clock() - begun
  let { state } = fitted
  const tally = new Tally(reach)
  const row = new Float64Array(LEVELS.length)
  const forecasts: Forecast[] = []
  let forecastMs = 0
  for (let t = plan.testFrom; forecasts.length < plan.origins.length; t++) {
    if (t === plan.origins[forecasts.length]) {
      const asked = clock()
      const forecast = forecastAt(state, startMs + t * stepMs, series, config)
      forecastMs += clock() - asked
      forecasts.push(forecast)
      for (let k = 0; k < reach && t + k < values.length; k++) {
        for (let level = 0; level < LEVELS.length; level++)
          row[level] = quantileAt(forecast, level, k)
        tally.add(k, row, values[t + k]!)
      }
    }
    state = advance(state, values[t]!)
  }
  const yardstick: Yardstick = {
    load: meanLoad(values.subarray(plan.testFrom)),
    naive: naiveScale(values.subarray(0, plan.testFrom), state.seasons[0] ?? 1),
  }
  return {
    entrant,
    spoke: forecasts[0]!.model.kind,
    scores: plan.horizons.map((steps) => tally.score(steps, yardstick) ?? null),
    fitMs,
    forecastMs: forecastMs / forecasts.length,
    seasons: state.seasons,
    contest: fitted.contest,
    forecasts,
  }
}

/** Entrants worth a row: the ensemble of all, then each model that the configuration names. */
export function entrantsOf({ models }: ForecastConfig): ModelKind[] {
  return [...new Set<ModelKind>(['ensemble', ...models, 'seasonal-naive'])]
}

/** An entrant takes the ensemble's place only by more than chance would give it. */
const ENSEMBLE_LEAD = 0.05

/**
 * Which entrant serves best by scaled pinball loss over the longest horizon, and why, as a sentence. The ensemble goes
 * before a model alone that is hardly better, as in the contest.
 */
export function chooseEntrant(results: readonly RollingResult[]): {
  chosen: ModelKind
  why: string
} {
  const lossOf = ({ scores }: RollingResult): number =>
    scores.at(-1)?.spl ?? Number.POSITIVE_INFINITY
  const ranked = [...results].sort((a, b) => lossOf(a) - lossOf(b))
  const together = ranked.find(({ entrant }) => entrant === 'ensemble')
  const best =
    together && lossOf(together) * (1 - ENSEMBLE_LEAD) <= lossOf(ranked[0]!) ? together : ranked[0]!
  if (!Number.isFinite(lossOf(best)))
    return { chosen: best.entrant, why: 'nothing could be scored: no load came in the test part' }
  const naive = results.find(({ entrant }) => entrant === 'seasonal-naive')
  const second = ranked.find((other) => other !== best && other !== naive)
  const parts = [`scaled pinball loss ${lossOf(best).toFixed(4)}`]
  if (naive && naive !== best) parts.push(lessThan(lossOf(best), lossOf(naive), 'seasonal naive'))
  if (second) parts.push(lessThan(lossOf(best), lossOf(second), second.entrant))
  const weights = best.contest.find(({ kind }) => kind === 'ensemble')?.note
  if (best.spoke === 'ensemble' && weights) parts.push(`members ${weights}`)
  return { chosen: best.entrant, why: parts.join('; ') }
}

function lessThan(loss: number, other: number, name: string): string {
  if (!Number.isFinite(other)) return `${name} could not be scored`
  const share = 100 * (1 - loss / other)
  return share >= 0
    ? `${share.toFixed(1)} % less than ${name}`
    : `${(-share).toFixed(1)} % more than ${name} alone, which is within chance`
}
