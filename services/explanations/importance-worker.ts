/** The thread that works out what a service's forecasts hang on: one request, one answer, and it is gone. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { Covariate } from '../../forecaster/covariates/effects.ts'
import { type ForecasterImportance, permutationImportance } from '../../forecaster/importance.ts'
import {
  type NeuralImportance,
  neuralImportance,
} from '../../forecaster/neural/neural-importance.ts'
import { CELLS } from '../../forecaster/neural/shape.ts'
import { readWeights, type TrainedNetworks } from '../../forecaster/neural/weights.ts'
import type { Series } from '../../forecaster/series.ts'

export interface ImportanceRequest {
  readonly series: Series
  readonly config: ForecastConfig
  readonly seed: number
  readonly seasons: readonly number[]
  readonly covariates: readonly Covariate[]
  /** Weights of the neural models at work, as they are stored. */
  readonly networks: Readonly<Record<string, unknown>>
}

export interface ImportanceAnswer {
  readonly whole: ForecasterImportance | undefined
  readonly neural: readonly NeuralImportance[]
}

const { series, config, seed, seasons, covariates, networks } = workerData as ImportanceRequest
const neural: TrainedNetworks = Object.fromEntries(
  CELLS.filter((cell) => cell in networks).map((cell) => [cell, readWeights(networks[cell])]),
)
const answer: ImportanceAnswer = {
  whole: permutationImportance(series, config, seed, { covariates, neural }),
  neural: CELLS.flatMap((cell) => {
    const weights = neural[cell]
    const found = weights && neuralImportance(cell, weights, series.values, seasons)
    return found ? [found] : []
  }),
}
parentPort?.postMessage(answer)
