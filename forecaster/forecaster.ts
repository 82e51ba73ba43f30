/**
 * One series' forecaster: the chosen model, its calibration and its record, as plain data.
 * `fitForecaster` chooses (slow, in a worker), `advance` follows the load (every step), `forecastAt` looks ahead.
 */
import type { ForecastConfig } from './config.ts'
import type { Forecast } from './forecast.ts'
import type { Series } from './series.ts'

export interface ForecasterState {
  readonly placeholder: never
}

export declare function fitForecaster(
  series: Series,
  config: ForecastConfig,
  seed: number,
): ForecasterState
export declare function advance(state: ForecasterState, value: number): ForecasterState
export declare function forecastAt(
  state: ForecasterState,
  issuedAtMs: number,
  series: Pick<Series, 'service' | 'metric' | 'stepMs'>,
  config: ForecastConfig,
): Forecast
