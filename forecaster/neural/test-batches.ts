/** Random networks and batches for tests. */
import { seededRandom } from '../random.ts'
import type { SingleForecaster } from './kernel-network.ts'
import { type Batch, emptyBatch } from './network.ts'
import { type Cell, initialParameters, type NeuralShape } from './shape.ts'

export function smallShape(cell: Cell, changes: Partial<NeuralShape> = {}): NeuralShape {
  return {
    cell,
    inputs: 3,
    hidden: 8,
    window: 7,
    knotFeatures: 5,
    headHidden: 8,
    knots: [0, 2, 5],
    levels: [0.05, 0.3, 0.5, 0.8, 0.95],
    ...changes,
  }
}

/** Initial parameters with a little noise everywhere, so that no weight is zero. */
export function randomParameters(shape: NeuralShape, seed: number): Float32Array {
  const random = seededRandom(seed)
  return initialParameters(shape, random).map((v) => v + 0.2 * (random() - 0.5))
}

/** `samples` lanes hold samples, some of their targets unknown; the others hold nothing. */
export function randomBatch(
  shape: NeuralShape,
  lanes: number,
  samples: number,
  seed: number,
): Batch {
  const random = seededRandom(seed)
  const batch = emptyBatch(shape, lanes)
  const fill = (table: Float32Array, value: () => number) => {
    for (let i = 0; i < table.length; i++) if (i % lanes < samples) table[i] = value()
  }
  fill(batch.inputs, () => 3 * (random() - 0.5))
  fill(batch.knotInput, () => 3 * (random() - 0.5))
  for (let i = 0; i < batch.knotInput.length; i++)
    if (Math.floor(i / lanes) % shape.knotFeatures === 0) batch.knotInput[i] = 1
  fill(batch.baseline, () => random() - 0.5)
  fill(batch.target, () => 6 * (random() - 0.5))
  fill(batch.weight, () => (random() < 0.9 ? 1 : 0))
  return batch
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0
  for (let i = 0; i < Math.max(a.length, b.length); i++)
    largest = Math.max(largest, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)))
  return largest
}

/** Hands one lane of a batch to the forecaster of single samples. */
export function takeSample(
  single: SingleForecaster,
  shape: NeuralShape,
  { inputs, knotInput, baseline, lanes }: Batch,
  lane: number,
): void {
  for (let i = 0; i < single.inputs.length; i++) single.inputs[i] = inputs[i * lanes + lane]!
  for (let k = 0; k < shape.knots.length; k++) {
    single.baseline[k] = baseline[k * lanes + lane]!
    for (let f = 0; f < shape.knotFeatures; f++)
      single.knotInput[f * single.knotLanes + k] =
        knotInput[(k * shape.knotFeatures + f) * lanes + lane]!
  }
}
