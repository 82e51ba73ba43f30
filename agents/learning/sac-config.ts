/** Settings of SAC; defaults are those of Stable-Baselines3, which are those of the paper. */
import { z } from 'zod'
import { Activation } from './network-shape.ts'

export const SacConfig = z
  .strictObject({
    kind: z.literal('sac'),
    capacity: z.int().min(1).max(10_000_000).default(1_000_000).meta({
      description: 'Transitions remembered.',
    }),
    learningStarts: z.int().min(1).default(100).meta({
      description: 'Steps before the first update; until then actions are drawn evenly.',
    }),
    batchSize: z.int().min(1).max(65_536).default(256),
    learnEvery: z.int().min(1).default(1).meta({ description: 'Steps from update to update.' }),
    gradientSteps: z.int().min(1).max(10_000).default(1).meta({
      description: 'Batches of one update.',
    }),
    learningRate: z.number().positive().max(1).default(3e-4),
    discount: z.number().min(0).max(1).default(0.99).meta({
      description: 'What a reward one step later is worth.',
    }),
    targetShare: z.number().positive().max(1).default(0.005).meta({
      description: 'How far each update takes the target critics to the critics.',
    }),
    entropyWeight: z
      .union([z.literal('learned'), z.number().min(0).max(100)])
      .default('learned')
      .meta({
        description:
          'What one nat of entropy is worth, in rewards; learned: so that it stays at its target.',
      }),
    targetEntropy: z.number().nullable().default(null).meta({
      description: 'Nats of an action that runs from −1 to 1 in each number; null: minus its size.',
    }),
    hidden: z.array(z.int().min(1).max(1024)).min(1).max(8).default([256, 256]),
    activation: Activation.default('relu'),
  })
  .meta({ id: 'SacConfig', description: 'Soft actor–critic, for continuous actions.' })
export type SacConfig = z.infer<typeof SacConfig>
