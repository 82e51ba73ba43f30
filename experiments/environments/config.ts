/**
 * What an environment is made of, as one plain document: which load on which services, which simulator, what agents may
 * do, see and are paid for. Every field has a default but the kind, so `{"kind": "single-service"}` is an environment.
 */
import { z } from 'zod'
import { ServiceSpec } from '../../agents/service-spec.ts'
import { WorkloadName } from '../../datasets/workload.ts'
import { ServiceId } from '../../forecaster/series.ts'
import { Nodes, Scrape, Serving } from '../simulator/scenario.ts'

export const LoadSource = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('synthetic'),
      workload: WorkloadName.default('weekday'),
      seed: z.int().min(0).default(0),
      days: z.number().positive().max(366).default(21),
      stepSeconds: z.number().positive().max(86_400).default(60),
    }),
    z.strictObject({
      kind: z.literal('trace'),
      name: z.string().min(1).max(200).meta({ description: 'As `forescale dataset list` has it.' }),
    }),
  ])
  .meta({ id: 'LoadSource' })
export type LoadSource = z.infer<typeof LoadSource>

export const EnvironmentService = z
  .strictObject({
    name: ServiceId.default('service'),
    load: LoadSource.prefault({ kind: 'synthetic' }),
    busyRps: z.number().positive().optional().meta({
      description:
        'The load is scaled so that 99 % of its steps are at most this; default: 60 % of what maxReplicas carry, or less, so that its largest step asks for all of it.',
    }),
    spec: ServiceSpec.prefault({ capacityPerReplica: 32, startupSeconds: 60 }),
    serving: Serving.prefault({}),
  })
  .meta({ id: 'EnvironmentService' })
export type EnvironmentService = z.infer<typeof EnvironmentService>

export const RewardWeights = z
  .strictObject({
    latency: z.number().min(0).default(20).meta({ description: 'Of requests answered too late.' }),
    cost: z.number().min(0).default(1).meta({ description: 'Of money spent.' }),
    failures: z.number().min(0).default(40).meta({ description: 'Of requests not answered.' }),
  })
  .meta({ id: 'RewardWeights', description: 'reward = −(latency + cost + failures), weighted.' })
export type RewardWeights = z.infer<typeof RewardWeights>

export const ActionKind = z.enum(['delta', 'target', 'continuous']).meta({
  id: 'ActionKind',
  description:
    'delta: −1, 0 or +1 replica; target: the count itself; continuous: −1 (minReplicas) to 1 (maxReplicas).',
})
export type ActionKind = z.infer<typeof ActionKind>

export const ForecastSource = z.enum(['none', 'seasonal', 'forecaster', 'perfect']).meta({
  id: 'ForecastSource',
  description:
    'seasonal: the day before, with the errors of doing so; forecaster: the product’s own, fitted once on the first history; perfect: the future itself, for comparison.',
})
export type ForecastSource = z.infer<typeof ForecastSource>

export const Budget = z
  .strictObject({
    perHour: z.number().positive().meta({ description: '$/hour for all services together.' }),
    kind: z.enum(['rate', 'account']).default('rate').meta({
      description:
        'rate: never more than this at a time; account: of the whole episode, to be spent when it is best.',
    }),
  })
  .meta({ id: 'EnvironmentBudget' })
export type Budget = z.infer<typeof Budget>

export const PLANTS = ['fluid', 'requests'] as const

const common = {
  plant: z.enum(PLANTS).default('fluid').meta({ description: 'Which simulator.' }),
  tickSeconds: z.number().positive().max(86_400).default(60),
  episodeTicks: z.int().min(2).max(1_000_000).default(240),
  historyDays: z.number().min(0).max(366).default(7).meta({
    description: 'Load known before an episode begins, days: forecasts are learned from it.',
  }),
  seed: z.int().min(0).default(0).meta({ description: 'Of chance until a reset brings its own.' }),
  forecast: ForecastSource.default('seasonal'),
  actions: ActionKind.default('delta'),
  actionsFromZero: z.boolean().default(false).meta({
    description: 'Discrete actions begin at 0: for libraries that know no Discrete(start=…).',
  }),
  weights: RewardWeights.prefault({}),
  scrape: Scrape.prefault({}),
  nodes: Nodes.optional(),
}

const services = z
  .array(EnvironmentService)
  .min(1)
  .max(100)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, {
    error: 'services with different names',
  })
  .prefault([
    { name: 'front', load: { kind: 'synthetic', workload: 'weekday' } },
    { name: 'search', load: { kind: 'synthetic', workload: 'recurring-peak', seed: 1 } },
    { name: 'reports', load: { kind: 'synthetic', workload: 'night-cycle', seed: 2 } },
  ])

const sharedShare = z.number().min(0).max(1).default(0.5).meta({
  description: 'Of each reward, the share that is the mean of all; the rest is one’s own.',
})

/** Of the upper agent. */
export const DIRECTIVES = ['shares', 'price', 'strategy'] as const
/** Its name among the agents; a service may not be called so. */
export const UPPER = 'meta'

export const EnvironmentConfig = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('single-service'),
      service: EnvironmentService.prefault({}),
      ...common,
    }),
    z.strictObject({
      kind: z.literal('multi-agent'),
      services,
      sharedShare,
      budget: Budget.optional(),
      ...common,
    }),
    z.strictObject({
      kind: z.literal('hierarchical'),
      services,
      sharedShare,
      budget: Budget.prefault({ perHour: 1.2, kind: 'account' }),
      directive: z.enum(DIRECTIVES).default('shares').meta({
        description:
          'What the upper agent sets: each service’s share of the budget, one price on cost, or a strategy a service.',
      }),
      everyTicks: z.int().min(1).max(10_000).default(10).meta({
        description: 'The upper agent’s action counts at every so many ticks.',
      }),
      ...common,
    }),
  ])
  .refine((c) => c.kind === 'single-service' || c.services.every(({ name }) => name !== UPPER), {
    error: `names other than "${UPPER}", which the upper agent has`,
    path: ['services'],
  })
  .meta({ id: 'EnvironmentConfig' })
export type EnvironmentConfig = z.infer<typeof EnvironmentConfig>
export type EnvironmentKind = EnvironmentConfig['kind']
export type MultiAgentConfig = Extract<EnvironmentConfig, { kind: 'multi-agent' }>
export type HierarchicalConfig = Extract<EnvironmentConfig, { kind: 'hierarchical' }>

export function servicesOf(config: EnvironmentConfig): readonly EnvironmentService[] {
  return config.kind === 'single-service' ? [config.service] : config.services
}
