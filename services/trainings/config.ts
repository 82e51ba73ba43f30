/** The configuration's section `trainings`: how much may be trained by the API. */
import { z } from 'zod'

export const TrainingsConfig = z
  .strictObject({
    mostQueued: z.int().min(0).max(1000).default(4).meta({
      description: 'Trainings that may wait for the one that runs; more are refused.',
    }),
    mostSteps: z.int().positive().default(50_000_000).meta({
      description: 'Decisions that one training may learn from, all its runs together.',
    }),
    keep: z.int().min(1).max(10_000).default(50).meta({
      description: 'Ended trainings whose files are kept; the oldest go first.',
    }),
  })
  .meta({ id: 'TrainingsConfig' })
export type TrainingsConfig = z.infer<typeof TrainingsConfig>
