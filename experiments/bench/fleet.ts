/** A synthetic fleet for the benchmarks: n services with a daily season, fitted forecasters and plausible counts. */

import { initialCapacity } from '../../agents/capacity.ts'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { seededRandom } from '../../datasets/random.ts'
import { barOf } from '../../forecaster/changepoint.ts'
import { ForecastConfig } from '../../forecaster/config.ts'
import { type ForecasterState, fitForecaster } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { noCovariates } from '../../services/covariates/covariates.ts'
import { type Contenders, type Following, noContenders } from '../../services/models/contenders.ts'
import { rowOf } from '../../services/models/registry.ts'

/** A step of 5 minutes and a season of a day: 288 steps. */
export const STEP_MS = 300_000
export const SEASON_STEPS = 288

export const forecastConfig = ForecastConfig.parse({
  seasonsMs: [SEASON_STEPS * STEP_MS],
  models: ['seasonal-naive', 'ets'],
})

export const fleetSpec = ServiceSpec.parse({
  minReplicas: 1,
  maxReplicas: 40,
  capacityPerReplica: 25,
  targetUtilization: 0.9,
})

/** Load of service `i` at step `k`, requests/s: a day's wave of its own phase and size. */
export function loadAt(i: number, k: number): number {
  const phase = (i * 0.618) % 1
  const size = 60 + ((i * 37) % 300)
  return size * (1 + 0.8 * Math.sin(2 * Math.PI * (k / SEASON_STEPS + phase)))
}

/** Distinct histories that are really fitted; the rest of the fleet are copies of their states. */
const FITTED = 20

export function fitFleet(n: number): ForecasterState[] {
  const random = seededRandom('bench', n)
  const states = Array.from({ length: Math.min(n, FITTED) }, (_, i) => {
    const values = Float64Array.from(
      { length: 3 * SEASON_STEPS },
      (_, k) => loadAt(i, k) * (0.95 + 0.1 * random()),
    )
    const series = { service: `s${i}`, metric: LOAD_METRIC, startMs: 0, stepMs: STEP_MS, values }
    return fitForecaster(series, forecastConfig, 1).state
  })
  return Array.from({ length: n }, (_, i) => structuredClone(states[i % states.length]!))
}

export const fleetCapacity = () =>
  initialCapacity(fleetSpec.capacityPerReplica, fleetSpec.slo.objective)

/** A champion that no registry knows: what a tick needs of it is its state. */
export function fleetContenders(service: string, state: ForecasterState): Contenders {
  const row = rowOf(service, {
    ...{ report: { state, contest: [] }, config: forecastConfig, seed: 1, stepMs: STEP_MS },
    ...{ fromMs: 0, toMs: 0, due: { reason: 'first', detail: '' } as const, nowMs: 0 },
  })
  const version = { ...row, number: 1, hasArtifact: false }
  return { ...noContenders(), champion: { version, state, sinceMs: 0 } }
}

const changeBar = barOf(forecastConfig.lifecycle.falseAlarmSteps)

export const followingOf = (service: string): Following => ({
  service,
  stepMs: STEP_MS,
  config: forecastConfig,
  covariates: noCovariates(),
  changeBar,
})
