/** The one configuration: every folder's own schema put together. Unknown keys are refused. */
import { z } from 'zod'
import { Mode, ServiceSpec } from '../agents/service-spec.ts'
import { TierCatalogue } from '../coordinator/meta/tiers.ts'
import { ForecastConfig } from '../forecaster/config.ts'
import { PARTS_A_DAY } from '../forecaster/outlook.ts'
import { ServiceId } from '../forecaster/series.ts'
import {
  AwsActuatorConfig,
  AzureActuatorConfig,
  DockerActuatorConfig,
  GcpActuatorConfig,
} from './actuators/config.ts'
import { AlertsConfig, OutlookConfig } from './alerts/config.ts'
import { BudgetConfig } from './budget/config.ts'
import { CovariatesConfig } from './covariates/config.ts'
import { EventsConfig } from './events/config.ts'
import { HttpConfig } from './http/config.ts'
import { JobsConfig } from './jobs/config.ts'
import { KubernetesConfig } from './kubernetes/config.ts'
import { workloadFaults } from './kubernetes/workload.ts'
import { LeaderConfig } from './leader/config.ts'
import { LedgerConfig } from './ledger/config.ts'
import { RightSizingConfig, tierFaults } from './right-sizing/config.ts'
import { RolloutsConfig } from './rollouts/config.ts'
import { SelectionConfig } from './selection/config.ts'
import { ShardsConfig } from './shards/config.ts'
import { ShopConfig } from './shop/config.ts'
import { IngestConfig, StoreConfig } from './stores/config.ts'
import { TrainingsConfig } from './trainings/config.ts'

const SECOND_MS = 1000
const DAY_MS = 24 * 60 * 60 * SECOND_MS

export const AppConfig = z
  .strictObject({
    version: z.literal(1).default(1),
    mode: Mode.default('recommend').meta({
      description:
        'Global mode; a service may be set lower, never higher. Nothing is changed until this says enforce.',
    }),
    clock: z.enum(['system', 'manual']).default('system').meta({
      description: 'manual: time passes only by POST /v1/ticks.',
    }),
    seed: z.int().min(0).default(1),
    tickMs: z
      .int()
      .min(100)
      .default(15 * SECOND_MS)
      .meta({ description: 'Time between ticks, ms.' }),
    stepMs: z
      .int()
      .min(100)
      .default(15 * SECOND_MS)
      .meta({ description: 'Grid of the series, ms.' }),
    costBudgetPerHour: z
      .number()
      .positive()
      .default(10)
      .meta({ description: 'Cost of all replicas together, $/hour.' }),
    budget: BudgetConfig.prefault({}),
    selection: SelectionConfig.prefault({}),
    tiers: TierCatalogue.default({}).meta({
      description: 'Sizes in which replicas can be had, by name: micro … xlarge.',
    }),
    rightSizing: RightSizingConfig.prefault({}),
    rollouts: RolloutsConfig.prefault({}),
    stateDir: z.string().min(1).default('.forescale').meta({ description: 'Folder of all state.' }),
    retentionMs: z
      .int()
      .positive()
      .default(14 * DAY_MS)
      .meta({ description: 'Samples and ticks older than this are dropped.' }),
    http: HttpConfig.prefault({}),
    freshness: z
      .strictObject({
        lateAfterSteps: z.number().positive().default(2),
        staleAfterSteps: z.number().positive().default(3),
        deadAfterSteps: z.number().positive().default(60),
      })
      .prefault({})
      .meta({
        description:
          'Age of the newest sample, in steps: late freezes decreases, stale ignores the forecast, dead holds.',
      }),
    forecast: ForecastConfig.prefault({}),
    store: StoreConfig.prefault({ kind: 'embedded' }),
    ingest: IngestConfig.prefault({}),
    ledger: LedgerConfig.prefault({ kind: 'embedded' }),
    leader: LeaderConfig.prefault({}),
    shards: ShardsConfig.optional().meta({
      description:
        'Several controllers that share costBudgetPerHour, each with services of its own. Absent: this one has all.',
    }),
    actuator: z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('dry-run') }),
        z.strictObject({ kind: z.literal('caller') }),
        z.strictObject({ kind: z.literal('processes') }),
        DockerActuatorConfig,
        AwsActuatorConfig,
        GcpActuatorConfig,
        AzureActuatorConfig,
        z.strictObject({ kind: z.literal('kubernetes') }),
      ])
      .prefault({ kind: 'dry-run' })
      .meta({
        description:
          'dry-run: log only; caller: POST /v1/ticks reports replicas and carries decisions out; processes: the demo shop; docker, aws, gcp, azure: replicas that these run; kubernetes: workloads of the cluster in section kubernetes.',
      }),
    kubernetes: KubernetesConfig.optional().meta({
      description: 'The cluster to work with. Absent: none is touched.',
    }),
    jobs: JobsConfig.prefault({}),
    trainings: TrainingsConfig.prefault({}),
    alerts: AlertsConfig.prefault({}),
    events: EventsConfig.prefault({}),
    outlook: OutlookConfig.prefault({}),
    covariates: CovariatesConfig.prefault({}).meta({
      description:
        'What may act on loads beside their own past. Events come by POST /v1/covariates.',
    }),
    services: z
      .record(ServiceId, ServiceSpec.prefault({}))
      .meta({ description: 'The scaled services, by name.' }),
    shop: ShopConfig.optional().meta({
      description: 'The demo: real services under real load. Absent outside the demo.',
    }),
  })
  .refine((c) => c.tickMs % c.stepMs === 0 || c.stepMs % c.tickMs === 0, {
    error: 'tickMs and stepMs must be multiples of one another',
    path: ['tickMs'],
  })
  .refine((c) => c.outlook.dayMs >= PARTS_A_DAY * c.stepMs, {
    error: `outlook.dayMs must be at least ${PARTS_A_DAY} times stepMs`,
    path: ['outlook', 'dayMs'],
  })
  .refine((c) => c.covariates.metrics.every((m) => m.lagMs + m.aheadMs >= c.stepMs), {
    error: 'each needs lagMs + aheadMs of at least stepMs: else it is never known in time',
    path: ['covariates', 'metrics'],
  })
  .refine((c) => !c.leader.election || (c.ledger.kind === 'postgresql' && c.clock === 'system'), {
    error: 'an election needs a ledger that several share (kind: postgresql) and clock: system',
    path: ['leader', 'election'],
  })
  .refine((c) => c.leader.lease.kind !== 'kubernetes' || c.kubernetes !== undefined, {
    error:
      'a lease in Kubernetes needs the section kubernetes, which says how the cluster is reached',
    path: ['leader', 'lease'],
  })
  .refine((c) => !c.shards || (c.ledger.kind === 'postgresql' && c.clock === 'system'), {
    error:
      'shards need a database that all of them reach (ledger.kind: postgresql) and clock: system',
    path: ['shards'],
  })
  .refine((c) => !c.shards || (c.budget.perDay ?? c.budget.perMonth) === undefined, {
    error:
      'shards share costBudgetPerHour only: an amount for a day or a month cannot be set beside',
    path: ['budget'],
  })
  .refine((c) => Object.keys(c.services).length > 0 || c.kubernetes?.settings !== undefined, {
    error: 'services must name at least one service, or kubernetes.settings find some',
    path: ['services'],
  })
  .refine((c) => (c.actuator.kind === 'processes') === (c.shop !== undefined), {
    error: 'actuator.kind "processes" and the section shop go together',
    path: ['actuator', 'kind'],
  })
  .refine((c) => c.actuator.kind !== 'kubernetes' || c.kubernetes !== undefined, {
    error: 'actuator.kind "kubernetes" needs the section kubernetes',
    path: ['actuator', 'kind'],
  })
  .refine(
    (c) =>
      !c.kubernetes?.resources ||
      c.kubernetes.resources.server !== undefined ||
      (c.store.kind === 'prometheus' && Object.hasOwn(c.store.servers, 'default')),
    {
      error: 'must be there, where store.servers has no "default" to take instead',
      path: ['kubernetes', 'resources', 'server'],
    },
  )
  .refine(
    (c) =>
      !('targets' in c.actuator) || Object.keys(c.actuator.targets).every((s) => s in c.services),
    {
      error: 'every service of actuator.targets must stand in services too',
      path: ['actuator', 'targets'],
    },
  )
  .refine((c) => !c.shop || Object.keys(c.shop.services).every((name) => name in c.services), {
    error: 'every service of shop.services must stand in services too',
    path: ['shop', 'services'],
  })
  .superRefine((config, context) => {
    for (const { path, message } of [...tierFaults(config), ...workloadFaults(config)])
      context.addIssue({ code: 'custom', path, message })
  })
  .meta({ id: 'AppConfig', title: 'Forescale configuration' })
export type AppConfig = z.infer<typeof AppConfig>
