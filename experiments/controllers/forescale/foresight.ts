/**
 * Forecasts made from the future itself, to tell what a forecast is worth: perfect; with an error of known size, told of
 * honestly in its bands; late, and sure of itself. Not a controller's to know: who uses them says so (`seesFuture`).
 */
import { hashUnit } from '../../../datasets/random.ts'
import { type Forecast, LEVELS } from '../../../forecaster/forecast.ts'
import { normalQuantile } from '../../../forecaster/normal-quantile.ts'
import { probesOf } from '../../../forecaster/probes.ts'
import { LOAD_METRIC, type ServiceId } from '../../../forecaster/series.ts'
import type { Models } from './models.ts'
import type { ForescaleParams } from './params.ts'

export interface ForesightInput {
  readonly service: ServiceId
  readonly startMs: number
  readonly stepMs: number
  readonly history: Float64Array
  /** Of the steps from `startMs` on. */
  readonly load: Float64Array
  readonly reachSteps: number
  readonly params: Pick<ForescaleParams, 'forecast' | 'errorCv' | 'lateSteps' | 'seed'>
}

/** Follows the clock only: what was measured changes nothing of what will be. */
export function createForesight(input: ForesightInput): Models {
  let at = 0
  return {
    get forecast() {
      return forecastFrom(input, at)
    },
    follow() {
      at++
    },
  }
}

function forecastFrom(input: ForesightInput, at: number): Forecast {
  const { service, startMs, stepMs, reachSteps, params } = input
  const issuedAtMs = startMs + at * stepMs
  const sigma = params.forecast === 'noisy' ? sigmaOf(params.errorCv) : 0
  // the error's quantiles around a guess of the true load: truth = guess · exp(sigma · z)
  const offsets = LEVELS.map((level) => Math.exp(sigma * normalQuantile(level)) - 1)
  return {
    ...{ service, metric: LOAD_METRIC, issuedAtMs, expiresAtMs: Number.POSITIVE_INFINITY, stepMs },
    point: Float64Array.from({ length: reachSteps }, (_, k) => guess(input, at + k, sigma)),
    band: {
      ...{
        horizonSteps: reachSteps,
        power: 1,
        spreadFloor: 0,
        grain: 0,
        knots: Float64Array.of(0),
      },
      knots: Float64Array.of(0),
      offsets: Float64Array.from(probesOf(reachSteps).flatMap(() => offsets)),
    },
    drifting: false,
    model: { kind: 'last-value', version: params.forecast, fittedAtMs: startMs },
    quality: { mase: null, scaledPinball: null, coverage90: null, origins: 0 },
  }
}

function guess({ service, history, load, params }: ForesightInput, step: number, sigma: number) {
  const { forecast, lateSteps, seed } = params
  const meant = forecast === 'shifted' ? step - lateSteps : step
  const known = (k: number) => (k < 0 ? history.at(k) : load[Math.min(k, load.length - 1)]) ?? 0
  if (sigma === 0) return known(meant)
  const chance = hashUnit('foresight', seed, service, step)
  return (
    known(meant) * Math.exp(-sigma * normalQuantile(Math.min(Math.max(chance, 1e-9), 1 - 1e-9)))
  )
}

/** Of the log-normal distribution with this ratio of standard deviation to mean. */
function sigmaOf(cv: number): number {
  return Math.sqrt(Math.log(1 + cv * cv))
}
