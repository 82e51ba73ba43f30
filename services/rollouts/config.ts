/** The configuration's section `rollouts`: whether learned policies are rolled out without being asked to. */
import { z } from 'zod'
import { RolloutSettings } from './rollout.ts'

const HOUR_MS = 3_600_000

export const RolloutsConfig = z
  .strictObject({
    automatic: z.boolean().default(false).meta({
      description:
        'true: a policy that comes into the registry (trained, learned, imported) is rolled out by itself when the log predicts that it loses less, or says nothing of it yet: shadow, canary, full, each by its test, and back by itself; false: only when asked for.',
    }),
    everyMs: z.int().positive().default(HOUR_MS).meta({
      description: 'How often the registry is looked through for such policies, ms.',
    }),
    learnEveryMs: z.int().positive().nullable().default(null).meta({
      description:
        'How often a policy is learned from what the last shadow stage left in the ledger, ms; null: only when asked for.',
    }),
    settings: RolloutSettings.prefault({}).meta({
      description: 'Of the rollouts that are begun by themselves.',
    }),
  })
  .meta({ id: 'RolloutsConfig' })
export type RolloutsConfig = z.infer<typeof RolloutsConfig>
