/** The thread that fits: one request at a time, answered with a report. It may crash or be ended at any moment. */
import { parentPort } from 'node:worker_threads'
import type { ForecastConfig } from '../../forecaster/config.ts'
import { type FitOptions, type FitReport, fitForecaster } from '../../forecaster/forecaster.ts'
import type { Series } from '../../forecaster/series.ts'

export interface FitRequest {
  readonly series: Series
  readonly config: ForecastConfig
  readonly seed: number
  readonly options: FitOptions
}

export type FitAnswer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly report: FitReport }
  | { readonly kind: 'failed'; readonly error: unknown }

const answer = (message: FitAnswer): void => parentPort?.postMessage(message)

parentPort?.on('message', ({ series, config, seed, options }: FitRequest) => {
  try {
    answer({ kind: 'done', report: fitForecaster(series, config, seed, options) })
  } catch (error) {
    answer({ kind: 'failed', error })
  }
})
answer({ kind: 'ready' })
