/**
 * Our forecaster on one trace as it would have lived there: fitted on what came before the test part, then one step at a
 * time, refitted now and then on the configured history, asked at every origin (or, densely, at every step).
 */
import { Tally } from '../../../forecaster/accuracy/tally.ts'
import type { ForecastConfig } from '../../../forecaster/config.ts'
import { type Forecast, LEVELS, quantileAt } from '../../../forecaster/forecast.ts'
import {
  advance,
  type ForecasterState,
  fitForecaster,
  forecastAt,
} from '../../../forecaster/forecaster.ts'
import type { TrainedNetworks } from '../../../forecaster/neural/weights.ts'
import { LOAD_METRIC, type Series } from '../../../forecaster/series.ts'
import { naiveOffsets, naiveStep } from './naive.ts'
import { type Score, scoresOf } from './score.ts'
import type { Split } from './split.ts'
import type { Trace } from './trace.ts'

/** Of a dense walk: steps ahead that are all scored, and about how many later ones. */
const DENSE_ALL = 60
const DENSE_LATE = 60

export interface WalkPlan {
  readonly config: ForecastConfig
  readonly seed: number
  /** At most this many fits after the first, at least `config.refitMs` apart. */
  readonly refits: number
  /** Trained on what came before the test part. */
  readonly neural?: TrainedNetworks
  /** Also forecast at every step of the test part, and score that. */
  readonly dense: boolean
}

export interface Walk {
  /** `[(origin · LEVELS.length + level) · reach + step]`. */
  readonly quantiles: Float32Array
  readonly fits: number
  readonly fitMs: number
  readonly forecastMs: number
  /** How many origins each model kind spoke at. */
  readonly spoke: Readonly<Record<string, number>>
  readonly dense?: { readonly ours: readonly Score[]; readonly naive: readonly Score[] }
}

/** The part of the trace that a fit at `origin` may look at. */
export function historyAt(trace: Trace, origin: number, config: ForecastConfig): Series {
  const most = Math.min(config.historySteps, Math.round(config.historyMs / trace.stepMs))
  const from = Math.max(0, origin - most)
  return {
    service: 'trace',
    metric: LOAD_METRIC,
    startMs: trace.startMs + from * trace.stepMs,
    stepMs: trace.stepMs,
    values: trace.values.slice(from, origin),
  }
}

export function walk(trace: Trace, split: Split, plan: WalkPlan): Walk {
  const { origins, reach, testFrom } = split
  const config = { ...plan.config, horizonSteps: reach }
  const quantiles = new Float32Array(origins.length * LEVELS.length * reach)
  const refitEvery = refitSteps(trace, split, plan)
  const dense = plan.dense ? denseTallies(trace, split) : undefined
  const options = plan.neural ? { neural: plan.neural } : {}
  const spoke: Record<string, number> = {}
  let state: ForecasterState | undefined
  let fits = 0
  let fitMs = 0
  let forecastMs = 0
  let next = 0
  const last = plan.dense ? trace.values.length - 1 : origins.at(-1)!
  for (let t = testFrom; t <= last; t++) {
    if (state === undefined || (t - testFrom) % refitEvery === 0) {
      const startedMs = performance.now()
      state = fitForecaster(historyAt(trace, t, config), config, plan.seed, options).state
      fitMs += performance.now() - startedMs
      fits++
    }
    const isOrigin = t === origins[next]
    if (isOrigin || dense) {
      const startedMs = performance.now()
      const atMs = trace.startMs + t * trace.stepMs
      const forecast = forecastAt(state, atMs, seriesOf(trace), config)
      if (isOrigin) {
        writeQuantiles(forecast, quantiles, next * LEVELS.length * reach, reach)
        forecastMs += performance.now() - startedMs
        spoke[forecast.model.kind] = (spoke[forecast.model.kind] ?? 0) + 1
        next++
      }
      dense?.add(forecast, t)
    }
    state = advance(state, trace.values[t]!)
  }
  return {
    quantiles,
    fits,
    fitMs,
    forecastMs: forecastMs / origins.length,
    spoke,
    ...(dense ? { dense: dense.scores() } : {}),
  }
}

function seriesOf({ stepMs }: Trace): Pick<Series, 'service' | 'metric' | 'stepMs'> {
  return { service: 'trace', metric: LOAD_METRIC, stepMs }
}

function refitSteps(trace: Trace, { testFrom }: Split, { config, refits }: WalkPlan): number {
  const live = Math.max(1, Math.round(config.refitMs / trace.stepMs))
  return Math.max(live, Math.ceil((trace.values.length - testFrom) / (refits + 1)))
}

/** Beyond the forecast's own length its last step stands in, as in `demandOver`. */
function writeQuantiles(forecast: Forecast, out: Float32Array, from: number, reach: number): void {
  const last = forecast.point.length - 1
  for (let level = 0; level < LEVELS.length; level++)
    for (let k = 0; k < reach; k++)
      out[from + level * reach + k] = quantileAt(forecast, level, Math.min(k, last))
}

/** Steps ahead that are scored from every step: all early ones, then some, each for those up to the next. */
function denseSteps(reach: number): { readonly step: number; readonly weight: number }[] {
  const stride = Math.max(1, Math.round((reach - DENSE_ALL) / DENSE_LATE))
  const steps = Array.from({ length: Math.min(reach, DENSE_ALL) }, (_, step) => ({
    step,
    weight: 1,
  }))
  for (let step = DENSE_ALL; step < reach; step += stride)
    steps.push({ step, weight: Math.min(stride, reach - step) })
  return steps
}

/** Ours and the naive forecast of yesterday, scored from every step of the test part. */
function denseTallies(trace: Trace, split: Split) {
  const { values } = trace
  const { reach, testFrom } = split
  const season = split.seasons[0] ?? 1
  const steps = denseSteps(reach)
  const ours = new Tally(reach)
  const naive = new Tally(reach)
  const row = new Float64Array(LEVELS.length)
  let offsets = naiveOffsets(values, testFrom, season, reach)
  return {
    add(forecast: Forecast, t: number): void {
      if ((t - testFrom) % reach === 0) offsets = naiveOffsets(values, t, season, reach)
      const last = forecast.point.length - 1
      for (const { step, weight } of steps) {
        const actual = values[t + step] ?? Number.NaN
        if (Number.isNaN(actual)) continue
        for (let level = 0; level < LEVELS.length; level++)
          row[level] = quantileAt(forecast, level, Math.min(step, last))
        ours.add(step, row, actual, weight)
        naiveStep(values, t, offsets, step, row)
        naive.add(step, row, actual, weight)
      }
    },
    scores() {
      return { ours: scoresOf(ours, values, split), naive: scoresOf(naive, values, split) }
    },
  }
}
