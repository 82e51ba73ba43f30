/** Settings of PPO; defaults are those of Stable-Baselines3, which are those of the paper for continuous actions. */
import { z } from 'zod'
import { Activation } from './network-shape.ts'

const share = (value: number) => z.number().min(0).max(1).default(value)

export const PpoConfig = z
  .strictObject({
    kind: z.literal('ppo'),
    rolloutSteps: z.int().min(1).max(65_536).default(2048).meta({
      description: 'Steps of each environment between two updates.',
    }),
    batchSize: z
      .int()
      .min(2)
      .max(65_536)
      .default(64)
      .meta({ description: 'Steps of one gradient.' }),
    epochs: z.int().min(1).max(100).default(10).meta({ description: 'Times each step is used.' }),
    learningRate: z.number().positive().max(1).default(3e-4),
    annealing: z.enum(['none', 'linear']).default('none').meta({
      description: 'linear: learning rate and clip range fall to 0 at the end of training.',
    }),
    discount: share(0.99).meta({ description: 'What a reward one step later is worth.' }),
    lambda: share(0.95).meta({ description: 'Of generalised advantage estimation.' }),
    clipRange: z.number().positive().max(1).default(0.2),
    clipValues: z.number().positive().nullable().default(null).meta({
      description:
        'Farthest that values move in one update, for the loss; null: as far as they like.',
    }),
    normalizeAdvantages: z.boolean().default(true),
    entropyWeight: z.number().min(0).max(10).default(0),
    valueWeight: z.number().min(0).max(10).default(0.5),
    mostGradientNorm: z.number().positive().default(0.5),
    targetKl: z.number().positive().nullable().default(null).meta({
      description:
        'An update ends early beyond 1.5 times this distance from the policy that acted.',
    }),
    policyInputs: z.int().min(1).nullable().default(null).meta({
      description:
        'The policy sees the first so many numbers of an observation and the critic all, as MAPPO’s; null: both see all.',
    }),
    hidden: z.array(z.int().min(1).max(1024)).min(1).max(8).default([64, 64]),
    activation: Activation.default('tanh'),
    logDeviation: z.number().min(-5).max(2).default(0).meta({
      description: 'Natural logarithm of a continuous action’s deviation at first.',
    }),
    normalizeObservations: z.boolean().default(false),
    normalizeRewards: z.boolean().default(false).meta({
      description: 'Rewards are divided by the deviation of the discounted return.',
    }),
  })
  .meta({ id: 'PpoConfig', description: 'Proximal policy optimisation.' })
export type PpoConfig = z.infer<typeof PpoConfig>
