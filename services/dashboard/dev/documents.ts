/** TEST-ONLY: the synthetic fleet in the shapes of the API (services/control-plane.ts and the ledger). */
import { createHash } from 'node:crypto'
import type { Mode, PolicyKind } from '../../../agents/service-spec.ts'
import { PARTS, type Part } from '../../../coordinator/attribution-parts.ts'
import type { Decision } from '../../../coordinator/decision.ts'
import { type ForecastDocument, LEVELS } from '../../../forecaster/forecast.ts'
import type { BudgetView, ServiceStatus, TickSummary } from '../../control-plane.ts'
import type { Explanation, ReplayReport } from '../../explanations/explanation.ts'
import { explanation as explained } from '../../http/examples.ts'
import type { StoredDecision } from '../../ledger/ledger.ts'
import type { TickRow } from '../data/api.ts'
import { lossAt } from './arithmetic.ts'
import {
  CAPACITY,
  MAX_REPLICAS,
  OBJECTIVE,
  PRICE,
  SLO_SECONDS,
  STARTUP_MS,
  type TickOf,
  type World,
} from './world.ts'

const hash = (...parts: (string | number)[]): string =>
  createHash('sha256').update(parts.join('|')).digest('hex')
const one = (value: number): string => value.toFixed(value >= 100 ? 0 : 1)

/** What was set by hand. */
export interface Modes {
  mode: Mode
  paused: boolean
  readonly own: Map<string, Mode>
  readonly policies: Map<string, PolicyKind>
}

const modeOf = ({ mode, paused, own }: Modes, service: string): Mode =>
  paused ? 'recommend' : (own.get(service) ?? mode)
const policyOf = ({ policies }: Modes, service: string): PolicyKind =>
  policies.get(service) ?? 'predictive'

export function decisionOf(world: World, modes: Modes, tick: TickOf, i: number): StoredDecision {
  const service = world.options.names[i]!
  const row = tick.rows[i]!
  const { from, to, wanted, reactiveNeed } = row
  const isBound = to < wanted
  const load = world.measured[i]!.findLast((m) => m.t <= tick.atMs)?.load ?? 0
  const capacity = CAPACITY[i % 4]!
  const why =
    wanted > reactiveNeed
      ? `99 % of forecasts need ≤ ${one(row.demand[14]! / capacity)} within ${one(STARTUP_MS / 1000)} s, reactive need is ${reactiveNeed}`
      : `${one(load)} req/s now at ${capacity} a replica and 80 % utilization need ${reactiveNeed}`
  const bound = isBound
    ? `; budget binding, wanted ${wanted}, one more $/h would avoid ${one(tick.price)} violations/s`
    : ''
  return {
    id: hash('synthetic', tick.tick, service).slice(0, 32),
    tick: tick.tick,
    atMs: tick.atMs,
    service,
    mode: modeOf(modes, service),
    policy: policyOf(modes, service),
    policyVersion: null,
    from,
    to,
    reactiveNeed,
    wanted,
    costPerHour: to * PRICE[i % 4]!,
    shadowPrice: tick.price,
    expectedLoss: row.loss,
    boundBy: isBound ? 'budget' : to > wanted ? 'stabilization' : 'none',
    reason: wanted > reactiveNeed ? 'forecast' : 'reactive',
    rationale: `${service} ${from === to ? `stays ${to}` : `${from}→${to}`}: ${why}${bound}`,
    settlement:
      modeOf(modes, service) !== 'enforce' ? 'not-enforced' : from === to ? 'unchanged' : 'applied',
    settledAtMs: tick.atMs + 40,
    detail: null,
  }
}

export function statusOf(world: World, modes: Modes, i: number): ServiceStatus {
  const service = world.options.names[i]!
  const now = world.measured[i]!.at(-1)!
  const tick = world.ticks.at(-1)
  const {
    settledAtMs: _,
    detail: __,
    ...decision
  } = tick ? decisionOf(world, modes, tick, i) : ({} as StoredDecision)
  return {
    service,
    mode: modeOf(modes, service),
    policy: policyOf(modes, service),
    replicas: {
      requested: now.ready + now.starting,
      ready: now.ready,
      starting: now.starting,
      terminating: 0,
    },
    minReplicas: 1,
    maxReplicas: MAX_REPLICAS,
    pricePerReplicaHour: PRICE[i % 4]!,
    loadRps: now.load,
    loadAtMs: now.t,
    freshness: 'fresh',
    capacityPerReplica: CAPACITY[i % 4]!,
    leadTimeMs: STARTUP_MS + world.options.tickMs,
    violationRatio: now.violations,
    latencyP95Seconds: now.p95,
    sloLatencySeconds: SLO_SECONDS[i % 4]!,
    objective: OBJECTIVE,
    fallback: false,
    decision: tick ? decision : null,
  }
}

export function forecastOf(world: World, i: number, atMs: number): ForecastDocument {
  const { stepMs, epochMs, names } = world.options
  const issuedAtMs = Math.floor(atMs / stepMs) * stepMs
  return {
    service: names[i]!,
    metric: 'requests_per_second',
    issuedAtMs,
    expiresAtMs: issuedAtMs + 5 * stepMs,
    stepMs,
    levels: [...LEVELS],
    quantiles: world.quantiles(i, issuedAtMs),
    drifting: false,
    model: { kind: 'ets', version: 'synthetic', fittedAtMs: epochMs },
    quality: { mase: 0.71, scaledPinball: 0.043, coverage90: 0.91, origins: 12 },
  }
}

export function tickRow(world: World, tick: TickOf): TickRow {
  return {
    tick: tick.tick,
    atMs: tick.atMs,
    epoch: 'synthetic',
    costBudgetPerHour: tick.budget,
    spendPerHour: tick.spend,
    shadowPrice: tick.price,
    feasible: tick.minimum <= tick.budget,
    boundBy: tick.minimum > tick.budget ? 'budget-infeasible' : tick.price > 0 ? 'budget' : 'none',
    configHash: hash('config', world.options.seed),
    durationMs: 3.2,
    outputsHash: hash('outputs', tick.tick),
  }
}

function unsettled(stored: StoredDecision): Decision {
  const { settlement: _, settledAtMs: __, detail: ___, ...decision } = stored
  return decision
}

export function tickOf(world: World, modes: Modes, tick: TickOf): TickSummary {
  const { epoch: _, configHash: __, outputsHash: ___, ...row } = tickRow(world, tick)
  const decisions = tick.rows.map((_row, i) => unsettled(decisionOf(world, modes, tick, i)))
  return { ...row, decisions }
}

export function budgetOf(world: World): BudgetView {
  const tick = world.ticks.at(-1)
  const cost = (count: (i: number) => number) =>
    world.options.names.reduce((sum, _, i) => sum + count(i) * PRICE[i % 4]!, 0)
  const minimumCostPerHour = cost(() => 1)
  return {
    costBudgetPerHour: world.budget,
    spendPerHour: tick?.spend ?? 0,
    runningCostPerHour: cost(
      (i) => world.measured[i]!.at(-1)!.ready + world.measured[i]!.at(-1)!.starting,
    ),
    shadowPrice: tick?.price ?? 0,
    feasible: minimumCostPerHour <= world.budget,
    minimumCostPerHour,
    maximumCostPerHour: cost(() => MAX_REPLICAS),
    periods: [],
    shards: null,
  }
}

/** A forecast that rose, and grew less certain; money took some of it back. */
function movedBy(part: Part, replicas: number): number {
  const shares: Partial<Record<Part, number>> = { forecast: 0.9, spread: 0.35, money: -0.25 }
  return (shares[part] ?? 0) * replicas
}

export function explanationOf(world: World, modes: Modes, tick: TickOf, i: number): Explanation {
  const decision = decisionOf(world, modes, tick, i)
  const row = tick.rows[i]!
  const capacity = CAPACITY[i % 4]!
  const now = world.measured[i]!.findLast((m) => m.t <= tick.atMs)!
  const top = Math.min(MAX_REPLICAS, Math.max(row.wanted, row.from, row.to) + 3)
  const richer = Math.min(row.wanted, row.to + Math.floor(1 / PRICE[i % 4]!))
  const avoided = row.loss - lossAt(row.demand, richer * capacity)
  return {
    decision,
    traceId: hash('trace', decision.tick).slice(0, 32),
    observation: {
      loadRps: now.load,
      freshness: 'fresh',
      replicas: { requested: row.from, ready: now.ready, starting: now.starting, terminating: 0 },
      leadTimeMs: STARTUP_MS + world.options.tickMs,
      capacityPerReplica: capacity,
      saturationPerReplica: capacity * 1.3,
      drifting: false,
      demand: LEVELS.map((level, k) => ({ level, rps: row.demand[k]! })),
    },
    forecast: forecastOf(world, i, tick.atMs),
    proposal: {
      service: decision.service,
      policy: decision.policy,
      allowed: { min: Math.max(1, row.from - 1), max: Math.min(MAX_REPLICAS, row.from + 4) },
      reactiveNeed: row.reactiveNeed,
      wanted: row.wanted,
      preferred: row.wanted,
      options: Array.from({ length: top }, (_, k) => ({
        replicas: k + 1,
        loss: lossAt(row.demand, (k + 1) * capacity),
        costPerHour: (k + 1) * PRICE[i % 4]!,
      })),
      reason: decision.reason,
    },
    boundBy: decision.boundBy,
    counterfactual: {
      extraBudgetPerHour: 1,
      to: richer,
      lossAvoided: avoided,
      fleetLossAvoided: Math.max(avoided, tick.price),
    },
    moved: {
      sinceTick: Math.max(0, decision.tick - 8),
      sinceAtMs: tick.atMs - 8 * world.options.tickMs,
      from: Math.max(1, row.to - 2),
      to: row.to,
      parts: PARTS.map((part) => ({
        part,
        replicas: movedBy(part, row.to - Math.max(1, row.to - 2)),
      })),
    },
    learned: decision.policy === 'learned' ? explained.learned : null,
  }
}

export function replayOf(decision: StoredDecision): ReplayReport {
  const { settlement: _, settledAtMs: __, detail: ___, ...stored } = decision
  const outputs = hash('outputs', decision.tick)
  return {
    decisionId: decision.id,
    identical: true,
    storedHash: outputs,
    recomputedHash: outputs,
    stored,
    recomputed: stored,
  }
}
