/**
 * What HTTP, the metrics page and the event streams may ask of the running controller.
 * Implemented by services/loops/controller.ts; schemas here travel over HTTP as they stand.
 */
import { z } from 'zod'
import { FRESHNESS } from '../agents/observation.ts'
import type { ProposalDocument } from '../agents/proposal.ts'
import { Mode, PolicyKind } from '../agents/service-spec.ts'
import { BoundBy, Decision, Settlement } from '../coordinator/decision.ts'
import type { Forecast, ForecastDocument } from '../forecaster/forecast.ts'
import { ServiceId } from '../forecaster/series.ts'
import type { Alert, AlertChange } from './alerts/alert.ts'
import type { AlertsView } from './alerts/alerts.ts'
import type { Coverage } from './alerts/anomalies.ts'
import type { PeriodName } from './budget/period.ts'
import { PacedPeriodView } from './budget/view.ts'
import type { AppConfig } from './config.ts'
import type { CovariateControl } from './covariates/control.ts'
import type { Explanation, ReplayReport } from './explanations/explanation.ts'
import type { FeatureImportance, ForecastExplanation } from './explanations/view.ts'
import { ScaleConflict } from './kubernetes/target/conflict.ts'
import type { Leadership } from './leader/lease.ts'
import type { LedgerHealth } from './ledger/ledger.ts'
import type { ModelControl } from './models/control.ts'
import type { ModelChange } from './models/model-version.ts'
import type { OutlookView } from './outlook/view.ts'
import type { RightSizingView } from './right-sizing/view.ts'
import type { AutomaticView } from './rollouts/automatic-view.ts'
import type { RolloutControl } from './rollouts/control.ts'
import type { RolloutView } from './rollouts/request.ts'
import type { Scoreboard } from './selection/view.ts'
import { ShardsView } from './shards/view.ts'
import type { AppendReport, Sample } from './stores/sample-store.ts'
import type { TrainingControl } from './trainings/control.ts'
import type { TrainingChange } from './trainings/training.ts'

export const ReplicaReport = z
  .strictObject({
    requested: z.int().min(0),
    ready: z.int().min(0),
    starting: z.int().min(0).default(0),
    terminating: z.int().min(0).default(0),
    beside: z
      .strictObject({
        tier: z.string(),
        ready: z.int().min(0),
        starting: z.int().min(0).default(0),
      })
      .optional()
      .meta({
        description: 'Replicas of the tier that is to take over, while a change is under way.',
      }),
  })
  .meta({ id: 'ReplicaReport', description: 'Replica counts of one service.' })
export type ReplicaReport = z.infer<typeof ReplicaReport>

export const ServiceStatus = z
  .strictObject({
    service: ServiceId,
    mode: Mode.meta({
      description: 'The mode in force: the lower of global and own; recommend while paused.',
    }),
    policy: PolicyKind,
    replicas: ReplicaReport.nullable(),
    minReplicas: z.int(),
    maxReplicas: z.int(),
    pricePerReplicaHour: z.number(),
    loadRps: z.number().nullable(),
    loadAtMs: z.number().nullable(),
    freshness: z.enum(FRESHNESS),
    capacityPerReplica: z.number(),
    leadTimeMs: z.number(),
    carrierLagMs: z.number().optional().meta({
      description:
        'Of the lead time: until the autoscaler that carries decisions out acts, ms. Absent: Forescale does so itself.',
    }),
    violationRatio: z
      .number()
      .nullable()
      .meta({ description: 'Share of requests outside the SLO at the last tick.' }),
    latencyP95Seconds: z.number().nullable(),
    sloLatencySeconds: z.number(),
    objective: z.number(),
    fallback: z
      .boolean()
      .meta({ description: 'True while no usable forecast stands behind the decisions.' }),
    decision: Decision.extend({ settlement: Settlement }).nullable(),
    conflict: ScaleConflict.optional().meta({
      description: 'Something else acts on its workload; absent: nothing does that is seen.',
    }),
  })
  .meta({ id: 'ServiceStatus' })
export type ServiceStatus = z.infer<typeof ServiceStatus>

export const TickSummary = z
  .strictObject({
    tick: z.int(),
    atMs: z.number(),
    costBudgetPerHour: z.number(),
    spendPerHour: z.number().meta({
      description: 'Cost of the decided replicas and of those still terminating, $/hour.',
    }),
    shadowPrice: z.number(),
    feasible: z
      .boolean()
      .meta({ description: 'false: the minimums alone cost more than the budget; they are kept.' }),
    boundBy: BoundBy,
    durationMs: z
      .number()
      .meta({ description: '0 under the manual clock, so that answers are reproducible.' }),
    decisions: z.array(Decision),
  })
  .meta({ id: 'Tick' })
export type TickSummary = z.infer<typeof TickSummary>

export const BudgetView = z
  .strictObject({
    costBudgetPerHour: z.number(),
    spendPerHour: z.number(),
    runningCostPerHour: z
      .number()
      .meta({ description: 'Running, starting and terminating replicas as observed.' }),
    shadowPrice: z.number(),
    feasible: z.boolean(),
    minimumCostPerHour: z.number(),
    maximumCostPerHour: z.number(),
    periods: z.array(PacedPeriodView).meta({
      description: 'Amounts for a day or a month, as of the last tick; empty where none is set.',
    }),
    shards: ShardsView.nullable().meta({
      description: 'How the budget is shared among shards; null where there are none.',
    }),
  })
  .meta({ id: 'Budget' })
export type BudgetView = z.infer<typeof BudgetView>

/** Live events, numbered so that a stream can be resumed. */
export type ControlEvent =
  | { readonly kind: 'tick'; readonly data: TickSummary }
  | {
      readonly kind: 'status'
      readonly data: {
        services: ServiceStatus[]
        budget: BudgetView
        paused: boolean
        atMs: number
        leadership?: Leadership
      }
    }
  | { readonly kind: 'forecast'; readonly data: ForecastDocument }
  | { readonly kind: 'alert'; readonly data: AlertChange }
  | { readonly kind: 'model'; readonly data: ModelChange }
  | { readonly kind: 'rollout'; readonly data: RolloutView }
  | { readonly kind: 'training'; readonly data: TrainingChange }
  | { readonly kind: 'setting'; readonly data: { key: string; value: unknown; atMs: number } }

export interface HealthCheck {
  readonly name: string
  readonly ok: boolean
  /** It works, but without something that belongs to it; `detail` says what. */
  readonly degraded?: boolean | undefined
  readonly detail: string
}

/** Totals since this process started, for /metrics. */
export interface Counters {
  readonly ticks: number
  readonly ticksSkipped: number
  readonly tickErrors: number
  readonly tickDurationsMs: readonly number[]
  readonly fallbackTicksByService: ReadonlyMap<ServiceId, number>
  readonly budgetTrimsByService: ReadonlyMap<ServiceId, number>
  readonly decisionsBySettlement: ReadonlyMap<Settlement, number>
  readonly rejectedSamplesByReason: ReadonlyMap<string, number>
  readonly configReloadOk: boolean
  readonly configReloadAtMs: number
}

export interface ControlPlane {
  config(): AppConfig
  nowMs(): number
  paused(): boolean
  /** The mode asked for globally, whether or not paused. */
  mode(): Mode
  services(): readonly ServiceStatus[]
  /** One of them; undefined: none is called so. */
  service(name: ServiceId): ServiceStatus | undefined
  budget(): BudgetView
  lastTick(): TickSummary | undefined
  /** The last tick's proposals. */
  proposals(): readonly ProposalDocument[]
  forecast(service: ServiceId): Forecast | undefined
  /** What it is made of, from where the model stands; undefined while there is none. */
  explainForecast(service: ServiceId): ForecastExplanation | undefined
  /** What its forecasts hang on; the first who asks starts the work. Undefined while there is no model. */
  featureImportance(service: ServiceId): FeatureImportance | undefined
  counters(): Counters
  /** Open alerts, and what was told of them since this process started. */
  alerts(): AlertsView
  /** Live coverage of a service's 90 % interval; undefined before any step was judged. */
  coverage(service: ServiceId): Coverage | undefined
  /** Demand of the coming days beside the budget; made anew at most once an hour. */
  outlook(days: number): Promise<OutlookView>
  /** Strategies by measured regret, savings and efficiency. */
  scoreboard(): Scoreboard
  /** Tiers by cost over the days ahead, recommendations and changes under way. */
  rightSizing(): RightSizingView
  /** Versions of the services' models: compare, promote, roll back, retrain, export, import. */
  readonly models: ModelControl
  /** Rollouts of strategies, comparisons of any two, learned policies. */
  readonly rollouts: RolloutControl
  /** What is known of each policy where rollouts are begun by themselves. */
  automaticRollouts(): AutomaticView
  /** Policies that are trained here, on simulated services. */
  readonly trainings: TrainingControl
  /** Events known in advance. */
  readonly covariates: CovariateControl
  /** Absent where there is no lease. */
  leadership?(): Leadership
  /** undefined where the ledger is never waited for. */
  ledgerHealth?(): LedgerHealth | undefined
  health(): Promise<readonly HealthCheck[]>
  /** Runs one tick at `atMs` (manual clock only); replica counts as the caller reports them. Ticks never overlap. */
  runTick(
    atMs: number,
    replicas: ReadonlyMap<ServiceId, ReplicaReport> | undefined,
  ): Promise<TickSummary>
  /** Stores samples by the controller's clock (manual: the newest sample's own time) and counts what is refused. */
  ingest(samples: readonly Sample[]): Promise<AppendReport>
  explain(decisionId: string): Promise<Explanation | undefined>
  replay(decisionId: string): Promise<ReplayReport | undefined>
  setBudget(costBudgetPerHour: number, actor: string): Promise<void>
  /** $ that must last for a day or a month; null: no longer any. */
  setAmount(period: PeriodName, amount: number | null, actor: string): Promise<void>
  /** `service` undefined: the global mode. */
  setMode(service: ServiceId | undefined, mode: Mode, actor: string): Promise<void>
  setPolicy(service: ServiceId, policy: PolicyKind, actor: string): Promise<void>
  /** Stops all writes to targets from the next apply on, at the latest within one tick. */
  setPaused(paused: boolean, actor: string): Promise<void>
  /** Undefined when there is no such alert. */
  acknowledgeAlert(id: string, actor: string): Promise<Alert | undefined>
  /** Validates and takes over a changed configuration; keeps the old one and throws ConfigError when it is wrong. */
  reloadConfig(actor: string): Promise<void>
  subscribe(listener: (event: ControlEvent) => void): () => void
}

/** A request that cannot be met as things stand; HTTP answers 409. */
export class Conflict extends Error {}
