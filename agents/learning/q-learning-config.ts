/** Settings of tabular Q-learning. */
import { z } from 'zod'
import { Exploration } from './exploration.ts'

export const QLearningConfig = z
  .strictObject({
    kind: z.literal('q-learning'),
    edges: z.array(z.array(z.number())).nullable().default(null).meta({
      description:
        'By observation number, the ascending borders of its cells; none: all is one cell. null: each number is a flag, with one border at ½.',
    }),
    discount: z.number().min(0).max(1).default(0.99).meta({
      description: 'What a reward one step later is worth.',
    }),
    rateDecay: z.number().min(0).max(1).default(1).meta({
      description: 'The step size of the n-th visit is n to minus this; 1: values are means.',
    }),
    leastLearningRate: z.number().min(0).max(1).default(0.1).meta({
      description: 'No step size is smaller; 0 where the world never changes.',
    }),
    initialValue: z.number().min(-1e9).max(1e9).default(0).meta({
      description:
        'What an action that was never tried is worth; above what any is, all are tried.',
    }),
    exploration: Exploration.prefault({ fraction: 0.5 }),
  })
  .meta({ id: 'QLearningConfig', description: 'Tabular Q-learning.' })
export type QLearningConfig = z.infer<typeof QLearningConfig>
