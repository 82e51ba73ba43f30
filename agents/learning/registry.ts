/** Every learner, by kind. A new one: its config and file, a member and a case here, a row in the README. */
import { z } from 'zod'
import type { Learner, LearnerSetting } from './learner.ts'
import { createPpo } from './ppo.ts'
import { PpoConfig } from './ppo-config.ts'

export const LearnerConfig = z.discriminatedUnion('kind', [PpoConfig]).meta({ id: 'LearnerConfig' })
export type LearnerConfig = z.infer<typeof LearnerConfig>

/** Throws a RangeError for a kind that cannot take such actions. */
export function createLearner(config: LearnerConfig, setting: LearnerSetting): Learner {
  switch (config.kind) {
    case 'ppo':
      return createPpo(config, setting)
  }
}
