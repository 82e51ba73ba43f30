/** Every learner, by kind. A new one: its config and file, a member and a case here, a row in the README. */
import { z } from 'zod'
import { createDqn } from './dqn.ts'
import { DqnConfig } from './dqn-config.ts'
import type { Learner, LearnerSetting } from './learner.ts'
import { createPpo } from './ppo.ts'
import { PpoConfig } from './ppo-config.ts'
import { createQLearning } from './q-learning.ts'
import { QLearningConfig } from './q-learning-config.ts'
import { createSac } from './sac.ts'
import { SacConfig } from './sac-config.ts'

export const LearnerConfig = z
  .discriminatedUnion('kind', [DqnConfig, PpoConfig, QLearningConfig, SacConfig])
  .meta({ id: 'LearnerConfig' })
export type LearnerConfig = z.infer<typeof LearnerConfig>

/** Throws a RangeError for a kind that cannot take such actions. */
export function createLearner(config: LearnerConfig, setting: LearnerSetting): Learner {
  switch (config.kind) {
    case 'dqn':
      return createDqn(config, setting)
    case 'ppo':
      return createPpo(config, setting)
    case 'q-learning':
      return createQLearning(config, setting)
    case 'sac':
      return createSac(config, setting)
  }
}
