/**
 * A controller for tests of the HTTP surface whose whole state lies open: what it knows can be set to anything,
 * also to what a healthy controller would never say. Deterministic; only for tests.
 */
import type { Mode } from '../../agents/service-spec.ts'
import { type Forecast, LEVELS } from '../../forecaster/forecast.ts'
import { probesOf } from '../../forecaster/probes.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import type { AlertsView } from '../alerts/alerts.ts'
import type { Coverage } from '../alerts/anomalies.ts'
import { AppConfig } from '../config.ts'
import type {
  ControlEvent,
  ControlPlane,
  Counters,
  HealthCheck,
  ServiceStatus,
  TickSummary,
} from '../control-plane.ts'
import { type CovariateEvent, eventId } from '../covariates/event.ts'
import type { OutlookView } from '../outlook/view.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import * as examples from './examples.ts'
import * as alertExamples from './examples-alerts.ts'
import * as covariateExamples from './examples-covariates.ts'
import * as explanationExamples from './examples-explanations.ts'
import { rightSizing } from './examples-right-sizing.ts'
import { automatic } from './examples-rollouts.ts'
import { scoreboard } from './examples-scoreboard.ts'
import { createTestJobs } from './test-jobs.ts'
import { createTestModelControl } from './test-models.ts'
import { createTestAdvisor } from './test-resources.ts'
import { createTestRolloutControl } from './test-rollouts.ts'
import { createTestLedger, createTestStore } from './test-stores.ts'
import { createTestTrainings } from './test-trainings.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface TestState {
  config: AppConfig
  nowMs: number
  paused: boolean
  mode: Mode
  services: Mutable<ServiceStatus>[]
  budget: Mutable<ReturnType<ControlPlane['budget']>>
  lastTick: TickSummary | undefined
  forecasts: Map<string, Mutable<Forecast>>
  counters: Mutable<Counters>
  health: HealthCheck[]
  alerts: AlertsView
  coverage: Map<string, Coverage>
  outlook: OutlookView
  events: CovariateEvent[]
}

export interface TestPlane {
  readonly control: ControlPlane
  readonly state: TestState
  /** What was asked of the models, in words. */
  readonly asked: readonly string[]
  /** The same of rollouts and learned policies. */
  readonly rolloutsAsked: readonly string[]
  readonly trainingsAsked: readonly string[]
  emit(event: ControlEvent): void
  subscribers(): number
}

const HORIZON = 30

/** 40 requests/s and rising by one a step, ±20 % at the outer levels. */
export function testForecast(service: string, issuedAtMs: number): Mutable<Forecast> {
  const offsets = probesOf(HORIZON).flatMap(() => LEVELS.map((level) => (level - 0.5) * 0.4))
  return {
    service,
    metric: LOAD_METRIC,
    issuedAtMs,
    expiresAtMs: issuedAtMs + 75_000,
    stepMs: 15_000,
    point: Float64Array.from({ length: HORIZON }, (_, k) => 40 + k),
    band: {
      horizonSteps: HORIZON,
      power: 1,
      spreadFloor: 1,
      grain: 0,
      knots: Float64Array.of(0),
      offsets: Float64Array.from(offsets),
    },
    drifting: false,
    model: examples.forecast.model,
    quality: examples.forecast.quality,
  }
}

function initialState(): TestState {
  const nowMs = examples.tick.atMs
  return {
    config: AppConfig.parse({ clock: 'manual', services: { search: {}, payment: {} } }),
    nowMs,
    paused: false,
    mode: 'enforce',
    services: [
      structuredClone(examples.serviceStatus),
      { ...structuredClone(examples.serviceStatus), service: 'payment', decision: null },
    ],
    budget: { ...examples.budget },
    lastTick: examples.tick,
    forecasts: new Map([['search', testForecast('search', nowMs)]]),
    counters: {
      ticks: 2,
      ticksSkipped: 0,
      tickErrors: 0,
      tickDurationsMs: [12, 20],
      fallbackTicksByService: new Map([['payment', 3]]),
      budgetTrimsByService: new Map([['search', 1]]),
      decisionsBySettlement: new Map([['applied', 5]]),
      rejectedSamplesByReason: new Map([['not-finite', 2]]),
      configReloadOk: true,
      configReloadAtMs: nowMs,
    },
    alerts: {
      open: [alertExamples.alert],
      openedByKind: new Map([['spike', 2]]),
      errors: 0,
      deliveries: { delivered: 3, failedAttempts: 1, givenUp: 0 },
    },
    coverage: new Map([['search', { share: 0.9, steps: 500 }]]),
    outlook: alertExamples.outlook,
    events: [covariateExamples.event],
    health: [{ name: 'store', ok: true, detail: 'answered' }],
  }
}

/** The calendar of events, in memory. */
function testCovariates(state: TestState): ControlPlane['covariates'] {
  return {
    events: () => state.events,
    async put(events) {
      const stored = events.map((event) => ({
        id: eventId(event),
        ...event,
        source: 'calendar' as const,
      }))
      const ids = new Set(stored.map(({ id }) => id))
      state.events = [...state.events.filter(({ id }) => !ids.has(id)), ...stored]
      return stored
    },
    async remove(id) {
      const event = state.events.find((row) => row.id === id)
      state.events = state.events.filter((row) => row !== event)
      return event
    },
  }
}

/** What is only read. */
function readings(state: TestState) {
  return {
    config: () => state.config,
    nowMs: () => state.nowMs,
    paused: () => state.paused,
    mode: () => state.mode,
    services: () => state.services,
    service: (name) => state.services.find(({ service }) => service === name),
    budget: () => state.budget,
    lastTick: () => state.lastTick,
    proposals: () => [examples.proposal],
    forecast: (service) => state.forecasts.get(service),
    explainForecast: (service) =>
      service === explanationExamples.forecastExplanation.service
        ? explanationExamples.forecastExplanation
        : undefined,
    counters: () => state.counters,
    alerts: () => state.alerts,
    coverage: (service) => state.coverage.get(service),
    covariates: testCovariates(state),
    outlook: async (days) => ({ ...state.outlook, days }),
    scoreboard: () => scoreboard,
    rightSizing: () => rightSizing,
    health: async () => state.health,
    featureImportance: (service) =>
      service === explanationExamples.featureImportance.service
        ? explanationExamples.featureImportance
        : undefined,
  } satisfies Partial<ControlPlane>
}

function budgetControls(
  { budget }: Pick<TestState, 'budget'>,
  set: (key: string, value: unknown) => void,
): Pick<ControlPlane, 'setBudget' | 'setAmount'> {
  return {
    async setBudget(value) {
      budget.costBudgetPerHour = value
      set('budget', value)
    },
    async setAmount(period, amount) {
      const known = examples.budget.periods.filter((row) => row.period === period)
      budget.periods = amount === null ? [] : known.map((row) => ({ ...row, amount }))
      set(`budget/${period}`, amount)
    },
  }
}

export function createTestPlane(store: SampleStore): TestPlane {
  const state = initialState()
  const models = createTestModelControl()
  const rollouts = createTestRolloutControl()
  const trainings = createTestTrainings()
  const listeners = new Set<(event: ControlEvent) => void>()
  const emit = (event: ControlEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const set = (key: string, value: unknown): void =>
    emit({ kind: 'setting', data: { key, value, atMs: state.nowMs } })
  const find = (service: string) => state.services.find((row) => row.service === service)
  const control: ControlPlane = {
    ...readings(state),
    models: models.control,
    rollouts: rollouts.control,
    automaticRollouts: () => automatic,
    trainings: trainings.control,
    async runTick(atMs) {
      state.nowMs = atMs
      state.lastTick = { ...examples.tick, atMs, durationMs: 0 }
      emit({ kind: 'tick', data: state.lastTick })
      return state.lastTick
    },
    ingest: (samples) => store.append(samples, state.nowMs),
    explain: async (id) => (id === examples.decision.id ? examples.explanation : undefined),
    replay: async (id) => (id === examples.decision.id ? examples.replay : undefined),
    ...budgetControls(state, set),
    async setMode(service, mode) {
      const row = service === undefined ? undefined : find(service)
      if (row) row.mode = mode
      else state.mode = mode
      set(service === undefined ? 'mode' : `mode/${service}`, mode)
    },
    async setPolicy(service, policy) {
      const row = find(service)
      if (row) row.policy = policy
      set(`policy/${service}`, policy)
    },
    async setPaused(paused) {
      state.paused = paused
      set('paused', paused)
    },
    async acknowledgeAlert(id, acknowledgedBy) {
      const alert = state.alerts.open.find((row) => row.id === id)
      if (!alert) return undefined
      const acknowledged = { ...alert, acknowledgedBy, acknowledgedAtMs: state.nowMs }
      const others = state.alerts.open.filter((row) => row !== alert)
      state.alerts = { ...state.alerts, open: [acknowledged, ...others] }
      emit({ kind: 'alert', data: { event: 'acknowledged', alert: acknowledged } })
      return acknowledged
    },
    reloadConfig: async () => {},
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return {
    control,
    state,
    asked: models.asked,
    rolloutsAsked: rollouts.asked,
    trainingsAsked: trainings.asked,
    emit,
    subscribers: () => listeners.size,
  }
}

/** Everything that the app needs, all of it in memory. */
export function createTestParts() {
  const store = createTestStore()
  return {
    ...createTestPlane(store),
    ...{ store, ledger: createTestLedger(), jobs: createTestJobs().control },
    resources: createTestAdvisor(),
  }
}
