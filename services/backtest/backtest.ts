/**
 * A backtest of the forecasters on the services' own stored load: each service's series is read from the sample store,
 * every entrant is walked through its last part (forecaster/accuracy/rolling.ts), and one is chosen, with the reason.
 * Reads only; the controller may run beside it. A series is no longer than gives a fit all that it looks at
 * (`forecast.historySteps`) beside the part that is tested, so that the work a service takes is bounded.
 */

import {
  chooseEntrant,
  entrantsOf,
  planRolling,
  type RollingOptions,
  type RollingPlan,
  type RollingResult,
} from '../../forecaster/accuracy/rolling.ts'
import type { Contestant } from '../../forecaster/contest.ts'
import type { ModelKind } from '../../forecaster/forecast.ts'
import { floorToStep, type Series, type ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { WalkRequest } from './walk-worker.ts'

export interface BacktestOptions extends RollingOptions {
  /** Services to test; all configured ones that the store knows when empty. */
  readonly services: readonly ServiceId[]
  readonly metric: string
  /** How far back the series reach, ms. */
  readonly lengthMs: number
}

/** Carries out one walk; `done` of `total` came before it. */
export type Walk = (
  request: WalkRequest,
  progress: { readonly done: number; readonly total: number },
) => Promise<RollingResult>

export interface ServiceBacktest {
  readonly service: ServiceId
  readonly series: Series
  readonly plan: RollingPlan
  readonly results: readonly RollingResult[]
  readonly chosen: ModelKind
  readonly why: string
}

export interface BacktestReport {
  readonly metric: string
  readonly stepMs: number
  readonly services: readonly ServiceBacktest[]
  /** Services that could not be tested, and why. */
  readonly left: readonly { readonly service: ServiceId; readonly reason: string }[]
}

/** `parallel` walks of a service side by side. */
export async function runBacktests(
  store: SampleStore,
  config: AppConfig,
  options: BacktestOptions,
  walk: Walk,
  parallel = 1,
): Promise<BacktestReport> {
  const services: ServiceBacktest[] = []
  const left: { service: ServiceId; reason: string }[] = []
  const known = await store.inventory()
  const wanted = options.services.length > 0 ? options.services : Object.keys(config.services)
  const entrants = entrantsOf(config.forecast)
  const total = wanted.length * entrants.length
  for (const [i, service] of wanted.entries()) {
    const row = known.find((r) => r.service === service && r.metric === options.metric)
    if (!row) {
      left.push({ service, reason: `the store holds no ${options.metric} of it` })
      continue
    }
    const series = await readSeries(store, config, options, row)
    const plan = planRolling(series.values.length, options)
    if (!plan) {
      left.push({ service, reason: tooShort(series.values.length, options.horizons[0]!) })
      continue
    }
    try {
      const results: RollingResult[] = []
      const rest = entrants.entries()
      const walkRest = async (): Promise<void> => {
        for (const [j, entrant] of rest) {
          const request = { series, entrant, config: config.forecast, seed: config.seed, plan }
          results[j] = await walk(request, { done: i * entrants.length + j, total })
        }
      }
      await Promise.all(Array.from({ length: Math.min(parallel, entrants.length) }, walkRest))
      services.push({ service, series, plan, results, ...chooseEntrant(results) })
    } catch (error) {
      left.push({ service, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { metric: options.metric, stepMs: config.stepMs, services, left }
}

function tooShort(steps: number, horizon: number): string {
  const many = steps === 1 ? 'step is' : 'steps are'
  return `${steps} ${many} too few to learn from and to test ${horizon} steps ahead on the rest`
}

async function readSeries(
  store: SampleStore,
  { stepMs, forecast }: AppConfig,
  { lengthMs, metric, testShare }: BacktestOptions,
  row: { service: ServiceId; firstMs: number; lastMs: number },
): Promise<Series> {
  const toMs = floorToStep(row.lastMs, stepMs) + stepMs
  const mostMs = Math.round(forecast.historySteps / (1 - testShare)) * stepMs
  const fromMs = floorToStep(toMs - Math.min(lengthMs, mostMs), stepMs)
  const startMs = Math.max(floorToStep(row.firstMs, stepMs), fromMs)
  const grid = { metric, services: [row.service], fromMs: startMs, toMs, stepMs }
  return { service: row.service, metric, startMs, stepMs, values: await store.grid(grid) }
}

/** The report as plain JSON: scores, times, reasons; without series and forecasts. */
export function toJson(report: BacktestReport) {
  return {
    metric: report.metric,
    stepMs: report.stepMs,
    left: report.left,
    services: report.services.map(({ service, series, plan, results, chosen, why }) => ({
      service,
      steps: series.values.length,
      testFrom: plan.testFrom,
      origins: plan.origins.length,
      seasons: results[0]!.seasons,
      chosen,
      why,
      entrants: results.map(({ entrant, spoke, scores, fitMs, forecastMs, contest }) => ({
        entrant,
        spoke,
        fitMs,
        forecastMs,
        note: noteOf(contest, spoke),
        scores: plan.horizons.map((horizon, i) => ({ horizon, ...(scores[i] ?? NOT_SCORED) })),
      })),
    })),
  }
}

const NOT_SCORED = {
  spl: null,
  mase: null,
  coverage90: null,
  closed90: null,
  coverage: [],
  steps: 0,
}

function noteOf(contest: readonly Contestant[], spoke: ModelKind): string | null {
  return contest.find(({ kind }) => kind === spoke)?.note ?? null
}
