/** The services of `compare:few-shot` and how an agent learns from an hour of one. */
import { TrainingConfig } from '../training/config.ts'
import type { Inner } from './adapt.ts'
import { QUERY_HOURS, SUPPORT_HOURS } from './task.ts'

const HOUR_TICKS = 60
export const JUDGED_TICKS = 6 * HOUR_TICKS
const UPDATES = 4

/** Ticks of a minute; one day of history, for forecasts alone; loads of every kind that comes back. */
export function fewShotConfig(): TrainingConfig {
  return TrainingConfig.parse({
    name: 'few-shot',
    loads: {
      workloads: ['weekday', 'recurring-peak', 'noisy', 'bursty'],
      copies: 2,
      judged: 1,
      learnDays: 1,
      stepSeconds: [60],
    },
    objectives: [0.9, 0.99],
    forecast: { models: ['seasonal-naive'] },
    actions: { kind: 'continuous', reach: Math.LN2 },
    tickSeconds: 60,
    episodeTicks: (SUPPORT_HOURS + QUERY_HOURS) * HOUR_TICKS + JUDGED_TICKS,
    environments: 4,
    learner: {
      kind: 'ppo',
      rolloutSteps: HOUR_TICKS,
      batchSize: 120,
      epochs: 6,
      learningRate: 1e-3,
      discount: 0.9,
      lambda: 0.9,
      hidden: [32, 32],
      // one standard deviation stretches by 17 %
      logDeviation: -1.5,
      normalizeRewards: true,
    },
  })
}

export function innerOf({ learner }: TrainingConfig): Inner {
  if (learner.kind !== 'ppo') throw new RangeError(`learner is ${learner.kind}, must be ppo`)
  return { learner, hourTicks: HOUR_TICKS, updates: UPDATES }
}
