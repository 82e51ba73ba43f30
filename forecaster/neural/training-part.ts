/**
 * What a network may learn from: of each series the part before its contest's test, so that the contest, which weighs
 * the network against models that saw no more, stays honest.
 */
import { planBacktest } from '../accuracy/backtest.ts'
import type { ForecastConfig } from '../config.ts'
import { seasonsOf } from '../find-seasons.ts'
import { usableHistory } from '../plain-data.ts'
import type { TrainingSeries } from './samples.ts'

/** Undefined for a series too short to be tested on. */
export function trainingPart(
  values: Float64Array,
  stepMs: number,
  config: ForecastConfig,
): TrainingSeries | undefined {
  const known = usableHistory(values)
  const first = known.findIndex((value) => !Number.isNaN(value))
  if (first < 0) return undefined
  const history = known.subarray(first)
  const seasons = seasonsOf(history, config, stepMs)
  const plan = planBacktest(
    history.length,
    seasons.at(-1) ?? 1,
    config.horizonSteps,
    config.origins,
  )
  if (!plan) return undefined
  return { values: history.slice(0, plan.trainSteps), seasons }
}
