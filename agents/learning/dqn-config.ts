/** Settings of DQN; what Stable-Baselines3 has too has its default, the three improvements are on. */
import { z } from 'zod'
import { Exploration } from './exploration.ts'
import { Activation } from './network-shape.ts'

export const DqnConfig = z
  .strictObject({
    kind: z.literal('dqn'),
    double: z.boolean().default(true).meta({
      description: 'The next action is chosen by the network that learns, valued by its target.',
    }),
    duelling: z.boolean().default(true).meta({
      description: 'The network puts out the state’s value and the advantage of each action.',
    }),
    prioritisation: z.number().min(0).max(1).default(0.6).meta({
      description: 'How much a large error makes a transition come up again; 0: all are equal.',
    }),
    correction: z.number().min(0).max(1).default(0.4).meta({
      description: 'How much of that unevenness is undone at first; at the end of training all.',
    }),
    capacity: z.int().min(1).max(10_000_000).default(100_000).meta({
      description: 'Transitions remembered.',
    }),
    learningStarts: z.int().min(1).default(100).meta({
      description: 'Steps before the first update; until then actions are drawn evenly.',
    }),
    batchSize: z.int().min(1).max(65_536).default(32),
    learnEvery: z.int().min(1).default(4).meta({ description: 'Steps from update to update.' }),
    gradientSteps: z.int().min(1).max(10_000).default(1).meta({
      description: 'Batches of one update.',
    }),
    learningRate: z.number().positive().max(1).default(1e-4),
    discount: z.number().min(0).max(1).default(0.99).meta({
      description: 'What a reward one step later is worth.',
    }),
    targetEvery: z.int().min(1).default(10_000).meta({
      description: 'Steps from one change of the target network to the next.',
    }),
    targetShare: z.number().positive().max(1).default(1).meta({
      description: 'How far each change takes it to the network that learns.',
    }),
    mostGradientNorm: z.number().positive().default(10),
    exploration: Exploration.prefault({}),
    hidden: z.array(z.int().min(1).max(1024)).min(1).max(8).default([64, 64]),
    activation: Activation.default('relu'),
  })
  .meta({ id: 'DqnConfig', description: 'Deep Q-network: double, duelling, prioritised.' })
export type DqnConfig = z.infer<typeof DqnConfig>
