/** The answers shown in the documentation: one coherent, hand-made instant of the demo shop. Checked against the schemas by a test. */
import type { ProposalDocument } from '../../agents/proposal.ts'
import type { Decision } from '../../coordinator/decision.ts'
import type { ForecastDocument } from '../../forecaster/forecast.ts'
import type { BudgetView, ServiceStatus, TickSummary } from '../control-plane.ts'
import type { Explanation, ReplayReport } from '../explanations/explanation.ts'
import type { DemoView } from './demo-port.ts'
import type { StoredDecisionView, TickRow } from './views.ts'

/** 2026-11-21T08:00:00Z */
const AT_MS = 1_795_248_000_000
const STEP_MS = 15_000
const HASH = '6f1c1a3a6d0e5f0c9b6a5d0b8f0e3d2c1b0a99887766554433221100ffeeddcc'

export const decision: Decision = {
  id: '5d1f0c2b7a9e4c38',
  tick: 42,
  atMs: AT_MS,
  service: 'search',
  mode: 'enforce',
  policy: 'predictive',
  policyVersion: null,
  from: 4,
  to: 6,
  reactiveNeed: 4,
  wanted: 7,
  costPerHour: 0.6,
  shadowPrice: 3.1,
  expectedLoss: 0.42,
  boundBy: 'budget',
  reason: 'forecast',
  rationale:
    'search 4→6: 99 % of forecasts need ≤ 7; budget binding, one more $/h would avoid 3.1 violations/s.',
}

export const storedDecision: StoredDecisionView = {
  ...decision,
  settlement: 'applied',
  settledAtMs: AT_MS + 120,
  detail: null,
}

export const forecast: ForecastDocument = {
  service: 'search',
  metric: 'requests_per_second',
  issuedAtMs: AT_MS,
  expiresAtMs: AT_MS + 5 * STEP_MS,
  stepMs: STEP_MS,
  levels: [0.1, 0.5, 0.9],
  quantiles: [
    [41.2, 42.8, 44.1],
    [46.0, 48.1, 50.3],
    [51.7, 54.9, 58.2],
  ],
  drifting: false,
  model: { kind: 'ets', version: '9c1185a5', fittedAtMs: AT_MS - 3_600_000 },
  quality: { mase: 0.71, scaledPinball: 0.043, coverage90: 0.91, origins: 12 },
}

export const proposal: ProposalDocument = {
  service: 'search',
  policy: 'predictive',
  allowed: { min: 3, max: 8 },
  reactiveNeed: 4,
  wanted: 7,
  preferred: 7,
  options: [
    { replicas: 3, loss: 14.2, costPerHour: 0.3 },
    { replicas: 4, loss: 6.8, costPerHour: 0.4 },
    { replicas: 5, loss: 2.1, costPerHour: 0.5 },
    { replicas: 6, loss: 0.42, costPerHour: 0.6 },
    { replicas: 7, loss: 0.05, costPerHour: 0.7 },
    { replicas: 8, loss: 0, costPerHour: 0.8 },
  ],
  reason: 'forecast',
}

const replicas = { requested: 4, ready: 4, starting: 0, terminating: 0 }

export const serviceStatus: ServiceStatus = {
  service: 'search',
  mode: 'enforce',
  policy: 'predictive',
  replicas,
  minReplicas: 1,
  maxReplicas: 10,
  pricePerReplicaHour: 0.1,
  loadRps: 45.2,
  loadAtMs: AT_MS,
  freshness: 'fresh',
  capacityPerReplica: 11.8,
  leadTimeMs: 19_000,
  violationRatio: 0.004,
  latencyP95Seconds: 0.21,
  sloLatencySeconds: 0.5,
  objective: 0.99,
  fallback: false,
  decision: { ...decision, settlement: 'applied' },
}

export const budget: BudgetView = {
  costBudgetPerHour: 1.6,
  spendPerHour: 1.6,
  runningCostPerHour: 1.4,
  shadowPrice: 3.1,
  feasible: true,
  minimumCostPerHour: 0.4,
  maximumCostPerHour: 4,
  periods: [
    {
      period: 'month',
      startMs: 1_793_491_200_000,
      endMs: 1_796_083_200_000,
      openedMs: 1_793_491_200_000,
      atMs: AT_MS,
      amount: 900,
      available: 900,
      spent: 610.2,
      left: 289.8,
      reserve: 19.8,
      price: 2.4,
      reactivePrice: 2.4,
      expectedSpend: 899.6,
      unpacedSpend: 1041.3,
      isExhausted: false,
    },
  ],
  shards: null,
}

export const tick: TickSummary = {
  tick: 42,
  atMs: AT_MS,
  costBudgetPerHour: 1.6,
  spendPerHour: 1.6,
  shadowPrice: 3.1,
  feasible: true,
  boundBy: 'budget',
  durationMs: 11.4,
  decisions: [decision],
}

export const tickRow: TickRow = {
  tick: 42,
  atMs: AT_MS,
  epoch: '8f14e45f',
  costBudgetPerHour: 1.6,
  spendPerHour: 1.6,
  shadowPrice: 3.1,
  feasible: true,
  boundBy: 'budget',
  configHash: HASH,
  durationMs: 11.4,
  outputsHash: HASH,
}

export const explanation: Explanation = {
  traceId: '7d1f0b9c4a5e4c1b8f7a3d2e6c5b4a39',
  decision: storedDecision,
  observation: {
    loadRps: 45.2,
    freshness: 'fresh',
    replicas,
    leadTimeMs: 19_000,
    capacityPerReplica: 11.8,
    saturationPerReplica: 16.3,
    drifting: false,
    demand: [
      { level: 0.5, rps: 50.3 },
      { level: 0.99, rps: 71.9 },
    ],
  },
  forecast,
  proposal,
  boundBy: 'budget',
  counterfactual: { extraBudgetPerHour: 1, to: 7, lossAvoided: 0.37, fleetLossAvoided: 3.1 },
  moved: {
    sinceTick: decision.tick - 12,
    sinceAtMs: decision.atMs - 180_000,
    from: decision.to - 2,
    to: decision.to,
    parts: [
      { part: 'load', replicas: 0 },
      { part: 'forecast', replicas: 2.5 },
      { part: 'spread', replicas: 0.5 },
      { part: 'capacity', replicas: 0 },
      { part: 'alarm', replicas: 0 },
      { part: 'running', replicas: 0 },
      { part: 'settings', replicas: 0 },
      { part: 'money', replicas: -1 },
    ],
  },
  learned: {
    version: '9c1185a5d0f20b7e',
    stretch: 1.1,
    analytic: 6,
    alone: 7,
    tuning: [],
    atRest: { factor: 0.98, replicas: 0 },
    effects: [
      { feature: 'doubt', value: 0.31, factor: 1.15, replicas: 1.5 },
      { feature: 'trend', value: -0.06, factor: 0.976, replicas: -0.5 },
    ],
  },
}

export const replay: ReplayReport = {
  decisionId: decision.id,
  identical: true,
  storedHash: HASH,
  recomputedHash: HASH,
  stored: decision,
  recomputed: decision,
}

export const spike = { id: 'spike-1', service: 'search', factor: 3, durationMs: 60_000 }

export const demo: DemoView = {
  workload: 'weekday',
  dayMs: 240_000,
  epochMs: AT_MS - 60_000,
  recording: {
    fromMs: AT_MS - 900_000,
    toMs: AT_MS - 60_000,
    source: 'recording of this shop under load',
  },
  spikes: [spike],
}

export const series = {
  service: 'search',
  metric: 'requests_per_second',
  startMs: AT_MS - 3 * STEP_MS,
  stepMs: STEP_MS,
  values: [44.1, null, 45.2],
  recordedUntilMs: null,
}

export const outcome = {
  tick: 41,
  service: 'search',
  atMs: AT_MS - STEP_MS,
  loadRps: 44.7,
  violationRatio: 0.004,
  replicaHours: 0.0167,
  cost: 0.00167,
}

export const CONFIG_EXAMPLE = { services: { search: {} } }
