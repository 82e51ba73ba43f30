/** What a training is: simulated services to learn on, what an action may do, the learner, and when to stop. One YAML file. */
import { z } from 'zod'
import { LearnerConfig } from '../../../agents/learning/registry.ts'
import { PolicyActions } from '../../../agents/policies/learned/document.ts'
import { FEATURE_NAMES, type FeatureName } from '../../../agents/policies/learned/features.ts'
import { WorkloadName } from '../../../datasets/workload.ts'
import { ForecastConfig } from '../../../forecaster/config.ts'
import { Scrape } from '../../simulator/scenario.ts'

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be of a–z, 0–9 and "-"')
const list = <Item extends z.ZodType>(item: Item, own: readonly z.input<Item>[]) =>
  z
    .array(item)
    .min(1)
    .default(own as never)

export const TrainingLoads = z
  .strictObject({
    workloads: list(WorkloadName, WorkloadName.options),
    copies: z.int().min(1).max(100).default(3).meta({
      description: 'Loads of each workload, with chances of their own.',
    }),
    judged: z.int().min(0).max(100).default(1).meta({
      description:
        'Further loads of each workload: not learned from, the policy is judged on them.',
    }),
    learnDays: z.number().positive().max(366).default(7).meta({
      description: 'History that the forecasts may learn from.',
    }),
    stepSeconds: list(z.number().positive().max(3600), [60, 300]),
    busyReplicas: list(z.number().positive().max(1000), [3, 6, 12, 30, 80]).meta({
      description: 'Replicas that the busy hours ask for at declared capacity.',
    }),
    startupSeconds: list(z.number().min(0).max(3600), [15, 30, 60, 120]),
    noiseCv: list(z.number().min(0).max(2), [0, 0.05, 0.15, 0.3]).meta({
      description: 'Deviation ÷ mean of a factor on each step, log-normal: what no shape tells.',
    }),
  })
  .meta({ description: 'Drawn for each load from these lists, by the seed.' })

export const TrainingConfig = z
  .strictObject({
    name: Name,
    description: z.string().default(''),
    loads: TrainingLoads.prefault({}),
    objectives: list(z.number().gt(0.5).lt(1), [0.9, 0.97, 0.99, 0.997, 0.999]).meta({
      description: 'Share of requests that must be good; each episode draws one.',
    }),
    targetUtilization: z.number().gt(0).lte(1).default(1).meta({
      description: 'What the reactive floor aims at; 1 leaves all headroom to the forecast.',
    }),
    capacityShare: z.number().gt(0).lte(1).default(0.7),
    scrape: Scrape.prefault({}),
    forecast: z
      .strictObject({
        models: ForecastConfig.shape.models.unwrap().default(['ensemble', 'seasonal-naive', 'ets']),
        refitMs: z.int().positive().default(86_400_000),
      })
      .prefault({}),
    tickSeconds: z.number().positive().max(3600).default(60),
    episodeTicks: z.int().min(2).max(100_000).default(1440),
    errorBudgetWorth: z.number().positive().default(0.3).meta({
      description:
        'What using up the whole error budget is worth, as a share of what carrying the load costs: with an objective o one violating request weighs as much as the carrying of errorBudgetWorth ÷ (1 − o).',
    }),
    features: list(z.enum(FEATURE_NAMES as [FeatureName, ...FeatureName[]]), FEATURE_NAMES),
    actions: PolicyActions.default({
      kind: 'discrete',
      stretches: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.15, 1.4],
    }),
    learner: LearnerConfig,
    environments: z.int().min(1).max(1024).default(32),
    rounds: z.int().min(1).max(10_000).default(30).meta({
      description:
        'At most. In a round every environment plays one episode; then the policy is judged, and a checkpoint written.',
    }),
    patience: z.int().min(1).default(10).meta({
      description: 'Rounds without a better judgement (gain) after which training stops.',
    }),
    seed: z.int().min(0).default(1),
  })
  .refine(({ loads, tickSeconds }) => loads.stepSeconds.every((s) => s % tickSeconds === 0), {
    error: 'tickSeconds must divide each of loads.stepSeconds',
    path: ['tickSeconds'],
  })
  .refine(
    ({ learner, episodeTicks }) =>
      !('rolloutSteps' in learner) || episodeTicks % learner.rolloutSteps === 0,
    {
      error: 'learner.rolloutSteps must divide episodeTicks: a round ends with an update',
      path: ['learner', 'rolloutSteps'],
    },
  )
  .meta({ id: 'TrainingConfig' })
export type TrainingConfig = z.infer<typeof TrainingConfig>
