import { describe, expect, it } from 'vitest'
import type { ControlEvent, ServiceStatus, TickSummary } from '../../control-plane.ts'
import { CHANGES_MAX } from './log.ts'
import { INITIAL, type News, reduce, type State } from './state.ts'

const status = (more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  service: 'search',
  mode: 'enforce',
  policy: 'predictive',
  replicas: { requested: 3, ready: 2, starting: 1, terminating: 0 },
  minReplicas: 1,
  maxReplicas: 10,
  pricePerReplicaHour: 0.1,
  loadRps: 40,
  loadAtMs: 1000,
  freshness: 'fresh',
  capacityPerReplica: 20,
  leadTimeMs: 20,
  violationRatio: 0,
  latencyP95Seconds: 0.2,
  sloLatencySeconds: 0.5,
  objective: 0.99,
  fallback: false,
  decision: null,
  ...more,
})

const budget = {
  costBudgetPerHour: 2,
  spendPerHour: 1,
  runningCostPerHour: 1,
  shadowPrice: 0,
  feasible: true,
  minimumCostPerHour: 0.1,
  maximumCostPerHour: 1,
  periods: [],
  shards: null,
}

const decision = (tick: number, to: number): TickSummary['decisions'][number] => ({
  id: `d${tick}`,
  tick,
  atMs: 1000 + tick,
  service: 'search',
  mode: 'enforce',
  policy: 'predictive',
  policyVersion: null,
  from: 3,
  to,
  reactiveNeed: 2,
  wanted: to + 1,
  costPerHour: 0.1 * to,
  shadowPrice: 0,
  expectedLoss: 0,
  boundBy: 'none',
  reason: 'forecast',
  rationale: `search 3→${to}`,
})

const tick = (n: number, to: number): ControlEvent => ({
  kind: 'tick',
  data: {
    tick: n,
    atMs: 1000 + n,
    costBudgetPerHour: 2,
    spendPerHour: 1 + n,
    shadowPrice: 0.5,
    feasible: true,
    boundBy: 'none',
    durationMs: 1,
    decisions: [decision(n, to)],
  },
})

const event = (e: ControlEvent): News => ({ kind: 'event', event: e, heardAtMs: 5 })
const statusEvent = (services: ServiceStatus[], atMs = 1000): News =>
  event({ kind: 'status', data: { services, budget, paused: false, atMs } })
const stateAfter = (...news: News[]): State => news.reduce(reduce, INITIAL)

describe('a status event', () => {
  it('adds the newest load, latency and replica counts to the charts', () => {
    const { tracks } = stateAfter(statusEvent([status()])).services.get('search')!
    expect(tracks.requests_per_second).toEqual([{ t: 1000, v: 40 }])
    expect(tracks.ready_replicas).toEqual([{ t: 1000, v: 2 }])
  })

  it('changes nothing when it comes twice, as after a reconnect', () => {
    const once = stateAfter(statusEvent([status()]))
    expect(reduce(once, statusEvent([status()]))).toEqual(once)
  })

  it('adds no point for what was not measured', () => {
    const nothing = status({ loadRps: null, latencyP95Seconds: null, replicas: null })
    const { tracks } = stateAfter(statusEvent([nothing])).services.get('search')!
    expect(tracks.requests_per_second).toEqual([])
    expect(tracks.ready_replicas).toEqual([])
  })

  it('forgets a service that is no longer there', () => {
    const state = stateAfter(statusEvent([status()]), statusEvent([status({ service: 'auth' })]))
    expect([...state.services.keys()]).toEqual(['auth'])
  })

  it('never turns the clock back', () => {
    expect(stateAfter(statusEvent([], 2000), statusEvent([], 1000)).atMs).toBe(2000)
  })
})

describe('a tick', () => {
  it('adds to the fleet, to the step lines and to the log, newest first', () => {
    const state = stateAfter(statusEvent([status()]), event(tick(1, 4)), event(tick(2, 5)))
    expect(state.fleet.map(({ spend }) => spend)).toEqual([2, 3])
    expect(state.services.get('search')!.decided.map(({ to }) => to)).toEqual([4, 5])
    expect(state.log.map(({ id, settlement }) => [id, settlement])).toEqual([
      ['d2', 'pending'],
      ['d1', 'pending'],
    ])
  })

  it('does not unsettle a decision whose outcome is known already', () => {
    const settled = { ...decision(1, 4), settlement: 'applied' as const }
    const state = stateAfter({ kind: 'decisions', items: [settled] }, event(tick(1, 4)))
    expect(state.log[0]!.settlement).toBe('applied')
  })

  it('is settled by the status that follows', () => {
    const settled = { ...decision(1, 4), settlement: 'failed' as const }
    const state = stateAfter(event(tick(1, 4)), statusEvent([status({ decision: settled })]))
    expect(state.log[0]!.settlement).toBe('failed')
  })
})

it('the log stays bounded however long the page is open', () => {
  const news = Array.from({ length: CHANGES_MAX + 40 }, (_, n) => event(tick(n, 4)))
  const state = stateAfter(...news)
  expect(state.log.length).toBe(CHANGES_MAX)
  expect(state.log[0]!.id).toBe(`d${CHANGES_MAX + 39}`)
})

it('settings come through at once', () => {
  const set = (key: string, value: unknown): News =>
    event({ kind: 'setting', data: { key, value, atMs: 1 } })
  const state = stateAfter(
    statusEvent([status()]),
    set('paused', true),
    set('mode', 'off'),
    set('budget', 9),
  )
  expect([state.paused, state.mode, state.budget!.costBudgetPerHour]).toEqual([true, 'off', 9])
  expect(reduce(state, set('mode', 'nonsense')).mode).toBe('off')
})

describe('spikes', () => {
  const spike = { id: 's1', service: 'search', factor: 3, durationMs: 100 }
  const demo = (spikes: (typeof spike)[], nowMs: number): News => ({
    kind: 'demo',
    nowMs,
    demo: { workload: 'weekday', dayMs: 1000, epochMs: 0, recording: null, spikes },
  })

  it('that vanish early were stopped then; those that ran out keep their end', () => {
    const stopped = stateAfter(demo([spike], 10), demo([], 50)).spikes
    expect(stopped).toEqual([{ ...spike, fromMs: 10, toMs: 50 }])
    const over = stateAfter(demo([spike], 10), demo([], 500)).spikes
    expect(over[0]!.toMs).toBe(110)
  })
})
