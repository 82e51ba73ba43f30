/** Small networks trained in a moment, for tests. */
import { seededRandom } from '../random.ts'
import { NeuralConfig } from './neural-config.ts'
import type { TrainingSeries } from './samples.ts'
import type { Cell } from './shape.ts'
import { fitNeural } from './train.ts'
import type { NeuralWeights } from './weights.ts'

/** Days of 24 steps with noise, and a walk without a season. */
export function waves(count: number, steps = 400): TrainingSeries[] {
  return Array.from({ length: count }, (_, i) => {
    const random = seededRandom(100 + i)
    const size = 10 ** (i % 4)
    let level = 20
    const values = Float64Array.from({ length: steps }, (_, t) => {
      if (i % 3 === 2) level = Math.max(1, level + 4 * (random() - 0.5))
      else level = 20 + 10 * Math.sin((2 * Math.PI * (t + i)) / 24)
      return Math.max(0, size * (level + 3 * (random() + random() - 1)))
    })
    return { values, seasons: i % 3 === 2 ? [] : [24] }
  })
}

export function smallConfig(cell: Cell, changes: Partial<NeuralConfig> = {}): NeuralConfig {
  return NeuralConfig.parse({
    cell,
    hidden: 8,
    headHidden: 8,
    window: 12,
    knots: [0, 2, 5, 12, 29],
    levels: [0.05, 0.25, 0.5, 0.75, 0.95],
    epochs: 4,
    batchesPerEpoch: 30,
    batchSize: 32,
    learningRate: 0.01,
    ...changes,
  })
}

const trained = new Map<Cell, NeuralWeights>()

export function smallWeights(cell: Cell): NeuralWeights {
  let weights = trained.get(cell)
  if (!weights) {
    weights = fitNeural(waves(6), smallConfig(cell), 1)!
    trained.set(cell, weights)
  }
  return weights
}
