import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actionSpaceOf, countOf } from './actions.ts'
import { costPerHour, leastCostPerHour, purseOf, trimmed } from './budget.ts'
import { directiveOf } from './directive.ts'
import { createParallel } from './parallel.ts'
import { carriedLoads } from './prepare.ts'
import { rewardOf, rewardParts } from './reward.ts'
import { createSingleService } from './single-service.ts'
import { prepareSmall } from './test-environments.ts'

const bounds = { minReplicas: 2, maxReplicas: 10 }

describe('an action', () => {
  it.each([
    ['delta', false, -1, 4],
    ['delta', false, 1, 6],
    ['delta', true, 0, 4],
    ['delta', true, 1, 5],
    ['target', false, 7, 7],
    ['target', true, 0, 2],
    ['continuous', false, new Float32Array([-1]), 2],
    ['continuous', false, new Float32Array([0]), 6],
    ['continuous', false, new Float32Array([1]), 10],
  ] as const)('%s (from zero: %s) %s on five replicas is %s', (kind, fromZero, action, count) => {
    expect(countOf({ kind, fromZero }, bounds, action, 5)).toBe(count)
  })

  it('never leaves the bounds of the service', () => {
    const rule = { kind: 'delta', fromZero: false } as const
    expect(countOf(rule, bounds, -1, 2)).toBe(2)
    expect(countOf(rule, bounds, 1, 10)).toBe(10)
    expect(actionSpaceOf({ kind: 'target', fromZero: false }, bounds)).toEqual({
      kind: 'discrete',
      n: 9,
      start: 2,
    })
  })
})

describe('a reward', () => {
  // 100 requests/s for 60 s are 6000; 100 / 50 = 2 replicas at 0.3 $/h cost 0.01 $ a minute
  const service = {
    meanRps: 100,
    spec: { weight: 2, capacityPerReplica: 50, pricePerReplicaHour: 0.3 },
  } as Parameters<typeof rewardParts>[0]
  const weights = { latency: 20, cost: 1, failures: 40 }

  it('weighs late requests, money and failures against a usual interval', () => {
    const measured = { violations: 90, failures: 30, cost: 0.015 }
    const parts = rewardParts(service, weights, measured, 60_000)
    expect(parts.latency).toBeCloseTo((20 * 2 * 60) / 6000, 12)
    expect(parts.failures).toBeCloseTo((40 * 2 * 30) / 6000, 12)
    expect(parts.cost).toBeCloseTo(1.5, 12)
    expect(rewardOf(parts)).toBeCloseTo(-(0.4 + 0.4 + 1.5), 12)
  })

  it('is never better for more violations, failures or cost', () => {
    const figure = fc.integer({ min: 0, max: 1000 })
    fc.assert(
      fc.property(figure, figure, figure, figure, (late, failures, cents, more) => {
        const worth = (l: number, f: number, c: number) =>
          rewardOf(rewardParts(service, weights, { violations: l + f, failures: f, cost: c }, 1000))
        const now = worth(late, failures, cents)
        expect(worth(late + more, failures, cents)).toBeLessThanOrEqual(now)
        expect(worth(late, failures + more, cents)).toBeLessThanOrEqual(now)
        expect(worth(late, failures, cents + more)).toBeLessThanOrEqual(now)
      }),
    )
  })
})

const specs = fc.array(
  fc.record({
    minReplicas: fc.integer({ min: 0, max: 3 }),
    pricePerReplicaHour: fc.integer({ min: 1, max: 40 }).map((cents) => cents / 100),
    extra: fc.integer({ min: 0, max: 20 }),
  }),
  { minLength: 1, maxLength: 6 },
)

describe('a budget', () => {
  it('trims to what may be spent, within bounds, and withholds nothing that it could pay', () => {
    fc.assert(
      fc.property(specs, fc.double({ min: 0, max: 10, noNaN: true }), (services, limit) => {
        const asked = services.map(({ minReplicas, extra }) => minReplicas + extra)
        const counts = trimmed(asked, services, limit)
        const most = Math.max(limit, leastCostPerHour(services))
        expect(costPerHour(counts, services)).toBeLessThanOrEqual(most + 1e-9)
        counts.forEach((count, i) => {
          expect(count).toBeGreaterThanOrEqual(services[i]!.minReplicas)
          expect(count).toBeLessThanOrEqual(asked[i]!)
        })
        const left = limit - costPerHour(counts, services)
        counts.forEach((count, i) => {
          if (count < asked[i]!) expect(services[i]!.pricePerReplicaHour).toBeGreaterThan(left)
        })
      }),
    )
  })

  it('gives the same share to all, and what is left to the largest remainder', () => {
    const priced = { minReplicas: 1, pricePerReplicaHour: 0.1 }
    // asked 11 + 6 above the minimum 1 + 1: of 15 there are 8 left, so 5.33 and 2.67
    expect(trimmed([11, 6], [priced, priced], 1.0)).toEqual([6, 4])
  })

  it('of an account may be spent at once but for what minReplicas need later', async () => {
    const prepared = await prepareSmall({ kind: 'multi-agent', episodeTicks: 60 })
    const budget = { perHour: 1, kind: 'account' } as const
    // three services of one replica at 0.1 $/h: 59 minutes of 0.3 $/h are put aside of the 1 $
    const purse = purseOf(prepared, budget, { tick: 0, spent: 0 })
    expect(purse.limitPerHour).toBeCloseTo((1 - (0.3 * 59) / 60) * 60, 9)
    expect(purse.evenPerHour).toBeCloseTo(1, 12)
    const half = purseOf(prepared, budget, { tick: 30, spent: 0.8 })
    expect(half.budgetLeft).toBeCloseTo(0.2, 12)
    expect(half.evenPerHour).toBeCloseTo(0.4, 12)
    expect(purseOf(prepared, budget, { tick: 59, spent: 2 }).limitPerHour).toBe(0)
  })

  it('is kept in an episode, whatever agents ask for', async () => {
    const budget = { perHour: 0.6, kind: 'rate' } as const
    const prepared = await prepareSmall({ kind: 'multi-agent', actions: 'target', budget })
    const environment = createParallel(prepared)
    environment.reset(1)
    const everything = Object.fromEntries(environment.agents().map((agent) => [agent, 10]))
    const { infos } = environment.step(everything)
    const counts = Object.values(infos).map(({ requested }) => Number(requested))
    expect(counts.reduce((a, b) => a + b)).toBe(6)
    expect(Object.values(infos).map(({ asked }) => asked)).toEqual([10, 10, 10])
  })
})

describe('an upper agent', () => {
  const every = { count: 2, account: false }
  const parts = { latency: 1, cost: 2, failures: 3 }
  const purse = { limitPerHour: 5, evenPerHour: 4, budgetLeft: 1, timeLeft: 1 }

  it('gives shares of the budget, and a pace', () => {
    const directive = directiveOf('shares', new Float32Array([0.5, 3, 1]), every)
    expect(directive.shares).toEqual([0.75, 0.25])
    expect(directive.limitPerHour(purse)).toBe(2)
    const account = directiveOf('shares', new Float32Array([0.25, 0, 0]), {
      ...every,
      account: true,
    })
    expect(account.shares).toEqual([0.5, 0.5])
    expect(account.limitPerHour(purse)).toBe(4)
  })

  it('puts a price on cost', () => {
    const { paid, seen } = directiveOf('price', new Float32Array([0.5]), every)
    expect(paid(parts, 0)).toEqual({ latency: 1, cost: 12, failures: 3 })
    expect(seen).toEqual([0.5, 0.5])
  })

  it('gives each service a strategy', () => {
    const { paid, seen } = directiveOf('strategy', new Int32Array([0, 2]), every)
    expect(paid(parts, 0)).toEqual({ latency: 0.25, cost: 2, failures: 0.75 })
    expect(paid(parts, 1)).toEqual({ latency: 4, cost: 2, failures: 12 })
    expect(seen).toEqual([-1, 1])
  })

  it('is heard at every k-th tick only, and its reward is not its own price', async () => {
    const prepared = await prepareSmall({ kind: 'hierarchical', directive: 'price', everyTicks: 3 })
    const environment = createParallel(prepared)
    environment.reset(1)
    const heard: unknown[] = []
    for (let tick = 0; tick < 7; tick++) {
      const actions = { front: 0, search: 0, reports: 0, meta: new Float32Array([tick / 10]) }
      const { infos, rewards } = environment.step(actions)
      heard.push(Number(infos.front!.directive).toFixed(1))
      const own = ['front', 'search', 'reports'].map((name) => {
        const { latencyPart, costPart, failuresPart } = infos[name]!
        return -(Number(latencyPart) + Number(costPart) + Number(failuresPart))
      })
      expect(rewards.meta).toBeCloseTo((own[0]! + own[1]! + own[2]!) / 3, 9)
    }
    expect(heard).toEqual(['0.0', '0.0', '0.0', '0.3', '0.3', '0.3', '0.6'])
  })
})

describe('an episode', () => {
  it('begins anywhere in the load that history and length leave open, by chance or where it is told', async () => {
    const prepared = await prepareSmall({ kind: 'single-service' })
    const environment = createSingleService(prepared)
    const starts = new Set<unknown>()
    for (let seed = 0; seed < 50; seed++) {
      const { start } = environment.reset(seed).info
      expect(start).toBeGreaterThanOrEqual(prepared.firstStart)
      expect(start).toBeLessThanOrEqual(prepared.lastStart)
      starts.add(start)
    }
    expect(starts.size).toBeGreaterThan(40)
    expect(environment.reset(0, { start: 4000 }).info.start).toBe(4000)
    expect(() => environment.reset(0, { start: 1 })).toThrow(/options.start: 1 is not allowed/)
    expect(() => environment.reset(-1)).toThrow(/seed: -1 is not allowed/)
  })

  it('ends in truncation after episodeTicks, and never terminates', async () => {
    const environment = createSingleService(await prepareSmall({ kind: 'single-service' }))
    environment.reset(1)
    const ends = Array.from({ length: 10 }, () => environment.step(0))
    expect(ends.map(({ truncated }) => truncated)).toEqual([...new Array(9).fill(false), true])
    expect(ends.some(({ terminated }) => terminated)).toBe(false)
    expect(() => environment.step(0)).toThrow(/after the end/)
  })

  it('shows what happened: one replica more of two carries half as much each', async () => {
    const prepared = await prepareSmall({ kind: 'single-service', actions: 'target' })
    const environment = createSingleService(prepared)
    environment.reset(3)
    environment.step(5)
    const { observation, info } = environment.step(5)
    const names = environment.observationSpace.names!
    const seen = Object.fromEntries(names.map((name, i) => [name, observation[i]]))
    expect(info.ready).toBe(5)
    expect(seen.ready).toBe(0.5)
    // capacity of a replica: 4 places ÷ 0.1 s
    expect(seen.cpuUtilization).toBeCloseTo(Number(info.arrivals) / 60 / (5 * 40), 2)
    expect(seen.load).toBeCloseTo(Number(info.arrivals) / 60 / (10 * 32), 5)
  })
})

describe('load that is called for', () => {
  it('comes on top of what comes from outside, along the whole path', () => {
    const call = (service: string, perRequest: number) => ({ service, perRequest })
    const graph = [
      { name: 'a', calls: [call('b', 2), call('c', 1)] },
      { name: 'b', calls: [call('c', 0.5)] },
      { name: 'c', calls: [] },
    ]
    const loads = [10, 1, 5].map((value) => Float64Array.of(value))
    // b: 1 + 2·10; c: 5 + 10 + ½·(1 + 20)
    expect(carriedLoads(loads, graph).map(([value]) => value)).toEqual([10, 21, 25.5])
  })

  it('may not go round in a circle', () => {
    const graph = [
      { name: 'a', calls: [{ service: 'b', perRequest: 1 }] },
      { name: 'b', calls: [{ service: 'a', perRequest: 1 }] },
    ]
    const loads = [Float64Array.of(1), Float64Array.of(1)]
    expect(() => carriedLoads(loads, graph)).toThrow(/does not call back/)
  })
})
