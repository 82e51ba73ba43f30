/** What people and metrics see of the last tick: statuses, budget, summaries. Pure. */
import type { Observation } from '../../agents/observation.ts'
import { type ProposalDocument, proposalDocument } from '../../agents/proposal.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { PacedPeriodView } from '../budget/view.ts'
import type { AppConfig } from '../config.ts'
import type { BudgetView, ServiceStatus, TickSummary } from '../control-plane.ts'
import type { ShardsView } from '../shards/view.ts'
import type { TickResult } from './control-loop.ts'
import type { Entry } from './entry.ts'
import type { LoadBook } from './load-book.ts'
import { freshnessOf, leadTimeOf } from './observe.ts'
import type { Settings } from './settings.ts'

const known = (value: number): number | null => (Number.isNaN(value) ? null : value)

export interface ViewInput {
  readonly config: AppConfig
  readonly settings: Settings
  readonly periods: readonly PacedPeriodView[]
  /** null where there are no shards. */
  readonly shards: ShardsView | null
  readonly book: LoadBook
  readonly last: TickResult | undefined
  readonly nowMs: number
}

export function summaryOf({ decided, durationMs }: TickResult): TickSummary {
  const { input, output, decisions } = decided
  return {
    tick: input.tick,
    atMs: input.atMs,
    costBudgetPerHour: input.costBudgetPerHour,
    spendPerHour: output.spendPerHour,
    shadowPrice: output.shadowPrice,
    feasible: output.feasible,
    boundBy: output.feasible ? (output.shadowPrice > 0 ? 'budget' : 'none') : 'budget-infeasible',
    durationMs,
    decisions: decisions.map(({ settlement: _, ...decision }) => decision),
  }
}

export function proposalsOf({ decided }: TickResult): ProposalDocument[] {
  const { input, output } = decided
  return output.grants.flatMap(({ proposal }, i) =>
    proposal ? [proposalDocument(proposal, input.services[i]!.spec.pricePerReplicaHour)] : [],
  )
}

export function statusesOf(view: ViewInput): ServiceStatus[] {
  const settled = new Map(view.last?.settled.map((s) => [s.id, s.settlement]))
  const decisions = new Map(
    view.last?.decided.decisions.map((d) => [
      d.service,
      { ...d, settlement: settled.get(d.id) ?? d.settlement },
    ]),
  )
  const observed = new Map(
    view.last?.decided.input.services.map((s) => [s.observation.service, s.observation]),
  )
  return [...view.book.entries.values()].map((entry) =>
    statusOf(view, entry, decisions.get(entry.service) ?? null, observed.get(entry.service)),
  )
}

/** The same of one service, at the price of one. */
export function statusOfOne(view: ViewInput, service: ServiceId): ServiceStatus | undefined {
  const { book, last } = view
  const entry = book.entries.get(service)
  if (!entry) return undefined
  const made = last?.decided.decisions.find((decision) => decision.service === service)
  const settled = made && last?.settled.find(({ id }) => id === made.id)?.settlement
  const input = last?.decided.input.services.find(
    ({ observation }) => observation.service === service,
  )
  const decision = made ? { ...made, settlement: settled ?? made.settlement } : null
  return statusOf(view, entry, decision, input?.observation)
}

function statusOf(
  { config, settings, last, nowMs }: ViewInput,
  entry: Entry,
  decision: ServiceStatus['decision'],
  observed: Observation | undefined,
): ServiceStatus {
  const { service, capacity } = entry
  const spec = settings.specOf(service)
  const replicas = last?.replicas.get(service)
  return {
    service,
    mode: settings.modeOf(service),
    policy: spec.policy,
    replicas: replicas
      ? {
          requested: replicas.requested,
          ready: replicas.ready,
          starting: replicas.starting,
          terminating: replicas.terminating,
        }
      : null,
    minReplicas: spec.minReplicas,
    maxReplicas: spec.maxReplicas,
    pricePerReplicaHour: spec.pricePerReplicaHour,
    loadRps: known(entry.loadRps),
    loadAtMs: known(entry.loadAtMs),
    freshness: freshnessOf(config, entry, nowMs),
    capacityPerReplica: capacity.capacity,
    leadTimeMs: observed?.leadTimeMs ?? leadTimeOf(config, spec, undefined),
    violationRatio: known(entry.violationRatio),
    latencyP95Seconds: known(entry.latencyP95Seconds),
    sloLatencySeconds: spec.slo.latencySeconds,
    objective: spec.slo.objective,
    fallback: observed?.demand === undefined,
    decision,
    ...(replicas?.carrierLagMs === undefined ? {} : { carrierLagMs: replicas.carrierLagMs }),
    ...(replicas?.conflict ? { conflict: replicas.conflict } : {}),
  }
}

export function budgetOf({ settings, book, last, periods, shards }: ViewInput): BudgetView {
  let runningCostPerHour = 0
  let minimumCostPerHour = 0
  let maximumCostPerHour = 0
  for (const service of book.entries.keys()) {
    const spec = settings.specOf(service)
    const { ready, starting, terminating } = last?.replicas.get(service) ?? {
      ready: 0,
      starting: 0,
      terminating: 0,
    }
    runningCostPerHour += (ready + starting + terminating) * spec.pricePerReplicaHour
    minimumCostPerHour += spec.minReplicas * spec.pricePerReplicaHour
    maximumCostPerHour += spec.maxReplicas * spec.pricePerReplicaHour
  }
  return {
    costBudgetPerHour: settings.budget(),
    spendPerHour: last?.decided.output.spendPerHour ?? 0,
    runningCostPerHour,
    shadowPrice: last?.decided.output.shadowPrice ?? 0,
    feasible: last?.decided.output.feasible ?? true,
    minimumCostPerHour,
    maximumCostPerHour,
    periods: [...periods],
    shards,
  }
}
