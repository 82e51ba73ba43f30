/**
 * What agents are told of the load to come. Load does not depend on what agents do, so the forecasts of every step of a
 * load are worked out once, each from what was before it, and looked up afterwards.
 *
 * Row s holds quantiles of the largest load from the beginning of step s until a replica asked for within it is ready
 * and has served a tick: exactly what a decision in step s must carry (forecaster/forecast.ts `demandOver`).
 */
import { ForecastConfig } from '../../forecaster/config.ts'
import { demandOver, LEVELS } from '../../forecaster/forecast.ts'
import { advance, fitForecaster, forecastAt } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { ForecastSource } from './config.ts'

/** Levels that agents see, of the forecaster's own. */
export const SEEN_LEVELS = [0.5, 0.9, 0.99] as const
const DAY_MS = 86_400_000
const SEEN_INDEX = SEEN_LEVELS.map((level) => LEVELS.indexOf(level))

export interface ForecastTask {
  readonly service: ServiceId
  readonly startMs: number
  readonly stepMs: number
  /** Load to be carried, requests/s a step; what was called is in it. */
  readonly load: Float64Array
  /** Steps known before the first row that is asked for. */
  readonly historySteps: number
  /** From a decision until its replicas are ready and have served a tick. */
  readonly leadMs: number
}

/** `rows[s · SEEN_LEVELS.length + l]`, requests/s; zeros before `historySteps`, and everywhere for "none". */
export function forecastRows(source: ForecastSource, task: ForecastTask): Float64Array {
  const rows = new Float64Array(task.load.length * SEEN_LEVELS.length)
  switch (source) {
    case 'none':
      return rows
    case 'perfect':
      return fillRows(rows, task, (step) => perfect(task, step))
    case 'seasonal':
      return fillRows(rows, task, seasonal(task))
    case 'forecaster':
      return fillRows(rows, task, followed(task))
  }
}

function fillRows(
  rows: Float64Array,
  { load, historySteps }: ForecastTask,
  quantilesAt: (step: number) => ArrayLike<number>,
): Float64Array {
  for (let step = historySteps; step < load.length; step++)
    rows.set(quantilesAt(step), step * SEEN_LEVELS.length)
  return rows
}

/** Steps that the interval of a row touches, its own one included. */
function stepsAhead({ leadMs, stepMs }: ForecastTask): number {
  return 1 + Math.ceil(leadMs / stepMs)
}

function perfect(task: ForecastTask, step: number): number[] {
  const most = Math.max(...task.load.subarray(step, step + stepsAhead(task)))
  return SEEN_LEVELS.map(() => most)
}

/**
 * As a day ago (as just now, where the history holds no two days), and the quantiles of how wrong that was within the
 * first history: seasonal naive with empirical errors (Hyndman & Athanasopoulos, FPP3 §5.2 and §5.5).
 */
function seasonal(task: ForecastTask): (step: number) => number[] {
  const { load, historySteps, stepMs } = task
  const ahead = stepsAhead(task)
  const day = Math.round(DAY_MS / stepMs)
  const lag = day >= ahead && historySteps >= 2 * day ? day : undefined
  const pathMost = (step: number) =>
    lag === undefined
      ? (load[step - 1] ?? 0)
      : Math.max(...load.subarray(step - lag, step - lag + ahead))
  const errors: number[] = []
  for (let step = lag ?? 1; step + ahead <= historySteps; step++)
    errors.push(Math.max(...load.subarray(step, step + ahead)) - pathMost(step))
  errors.sort((a, b) => a - b)
  const offsets = SEEN_LEVELS.map(
    (level) => errors[Math.min(errors.length - 1, Math.floor(level * errors.length))] ?? 0,
  )
  return (step) => {
    const point = pathMost(step)
    return offsets.map((offset) => Math.max(0, point + offset))
  }
}

/** The product's forecaster: fitted on the first history, then following the load step by step. */
function followed(task: ForecastTask): (step: number) => number[] {
  const { service, startMs, stepMs, load, historySteps, leadMs } = task
  const config = ForecastConfig.parse({ horizonSteps: stepsAhead(task) })
  const series = { service, metric: LOAD_METRIC, startMs, stepMs }
  const history = { ...series, values: load.slice(0, historySteps) }
  let { state } = fitForecaster(history, config, 0)
  const demand = new Float64Array(LEVELS.length)
  return (step) => {
    const atMs = startMs + step * stepMs
    const forecast = forecastAt(state, atMs, series, config)
    demandOver(forecast, atMs, atMs + stepMs + leadMs, demand)
    state = advance(state, load[step]!)
    return SEEN_INDEX.map((index) => demand[index]!)
  }
}
