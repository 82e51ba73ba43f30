/** Settings of the neural models' training. Every field has a default. */
import { z } from 'zod'
import { BACKENDS } from './network.ts'
import { NeuralShape } from './shape.ts'

export const NeuralConfig = z.strictObject({
  cell: NeuralShape.shape.cell.default('lstm'),
  backend: z.enum(BACKENDS).default('kernel').meta({
    description:
      'What trains: `kernel` (WebAssembly SIMD), `typescript` (slow, anywhere), `tensorflow` (the TensorFlow library).',
  }),
  hidden: NeuralShape.shape.hidden.default(32).meta({ description: 'Units of the cell.' }),
  headHidden: NeuralShape.shape.headHidden.default(32).meta({ description: 'Units of the head.' }),
  window: NeuralShape.shape.window.default(48).meta({ description: 'Steps that the cell reads.' }),
  knots: NeuralShape.shape.knots.default([0, 1, 3, 7, 15, 29]).meta({
    description:
      'Steps ahead at which it speaks, 0 is the next step; between them it is interpolated.',
  }),
  levels: NeuralShape.shape.levels
    .default([0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 0.99])
    .meta({ description: 'Probabilities of its quantiles, 0.5 in the middle.' }),
  epochs: z.int().min(1).max(1000).default(30).meta({ description: 'Most rounds of training.' }),
  batchesPerEpoch: z.int().min(1).max(100_000).default(100).meta({
    description: 'Most batches a round: with `epochs`, the bound on training time.',
  }),
  batchSize: z.int().min(8).max(1024).multipleOf(8).default(64),
  learningRate: z.number().positive().max(1).default(3e-3),
  patience: z.int().min(1).default(6).meta({
    description: 'Rounds without a lower held-out loss after which training stops.',
  }),
  heldOutShare: z.number().min(0).max(0.5).default(0.15).meta({
    description: 'Newest part of every series that is only checked against.',
  }),
  heldOutBatches: z.int().min(1).max(1000).default(16),
})
export type NeuralConfig = z.infer<typeof NeuralConfig>

/** Steps ahead from the next one to the horizon's end, each about `ratio` times as far as the one before. */
export function knotsFor(horizonSteps: number, ratio = 1.7): number[] {
  const knots = [0]
  for (let step = 1; step < horizonSteps - 1; step = Math.max(step + 1, Math.round(step * ratio)))
    if (step < 0.8 * (horizonSteps - 1)) knots.push(step)
  if (horizonSteps > 1) knots.push(horizonSteps - 1)
  return knots
}
