/**
 * The scores of forecaster/accuracy/tally.ts on one trace, a row a horizon: over the steps 1 … h of every issue time.
 * They are relative to the trace: the mean |load| of its test part, and the error of repeating yesterday (the last value,
 * where no day is known) over its training part.
 */
import { naiveScale } from '../../../forecaster/accuracy/mase.ts'
import {
  meanLoad,
  Tally,
  type Score as UnnamedScore,
  type Yardstick,
} from '../../../forecaster/accuracy/tally.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { Split } from './split.ts'

/** Forecasts from every origin of a split: `quantiles[(origin · LEVELS.length + level) · reach + step]`. */
export type Quantiles = Float32Array | Float64Array

export interface Score extends UnnamedScore {
  readonly horizon: string
}

export function yardstickOf(values: Float64Array, split: Split): Yardstick {
  return {
    load: meanLoad(values.subarray(split.testFrom)),
    naive: naiveScale(values.subarray(0, split.testFrom), split.seasons[0] ?? 1),
  }
}

/** One a horizon; none where nothing was seen, or the load has no scale. */
export function scoresOf(tally: Tally, values: Float64Array, split: Split): Score[] {
  const yardstick = yardstickOf(values, split)
  return split.horizons.flatMap(({ name, steps }) => {
    const score = tally.score(steps, yardstick)
    return score ? { horizon: name, ...score } : []
  })
}

export function scoreQuantiles(quantiles: Quantiles, values: Float64Array, split: Split): Score[] {
  const { origins, reach } = split
  const tally = new Tally(reach)
  const row = new Float64Array(LEVELS.length)
  origins.forEach((origin, o) => {
    for (let k = 0; k < reach && origin + k < values.length; k++) {
      for (let level = 0; level < LEVELS.length; level++)
        row[level] = quantiles[(o * LEVELS.length + level) * reach + k]!
      tally.add(k, row, values[origin + k]!)
    }
  })
  return scoresOf(tally, values, split)
}
