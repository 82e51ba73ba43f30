import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { seededRandom } from '../../../datasets/random.ts'
import type { Measured } from '../plant.ts'
import { Nodes, type Scenario, Scrape, Serving } from '../scenario.ts'
import { createFluidPlant } from './plant.ts'

interface Given {
  readonly load: readonly number[]
  readonly serving?: object
  readonly spec?: object
  readonly nodes?: object
  readonly tickMs?: number
}

function scenarioOf({ load, serving = {}, spec = {}, nodes, tickMs = 15_000 }: Given): Scenario {
  return {
    name: 'test',
    startMs: 0,
    stepMs: 60_000,
    tickMs,
    costBudgetPerHour: 100,
    services: [
      {
        name: 'web',
        spec: ServiceSpec.parse({ maxReplicas: 1000, ...spec }),
        serving: Serving.parse(serving),
        history: new Float64Array(0),
        load: Float64Array.from(load),
      },
    ],
    nodes: nodes && Nodes.parse(nodes),
    scrape: Scrape.parse({}),
    synthetic: true,
    seed: 1,
  }
}

function run(given: Given, requested: readonly number[], initial = requested[0]!, seed = 1) {
  const random = (name: string) => seededRandom(seed, name)
  const plant = createFluidPlant(scenarioOf(given), { initial: [initial], random })
  return requested.map((count) => plant.advance([count])[0]!)
}

const sum = (measured: readonly Measured[], of: (one: Measured) => number): number =>
  measured.reduce((total, one) => total + of(one), 0)

const servings = fc.record({
  concurrency: fc.integer({ min: 1, max: 16 }),
  queueLimit: fc.integer({ min: 0, max: 200 }),
  serviceTime: fc.record({
    distribution: fc.constantFrom('lognormal', 'exponential', 'deterministic'),
    meanSeconds: fc.double({ min: 0.005, max: 2, noNaN: true }),
    cv: fc.double({ min: 0, max: 3, noNaN: true }),
  }),
  balancing: fc.constantFrom('round-robin', 'random', 'least-connections', 'two-choices'),
  timeoutSeconds: fc.double({ min: 0.1, max: 30, noNaN: true }),
  retries: fc.record({
    most: fc.nat(3),
    backoffSeconds: fc.double({ min: 0, max: 5, noNaN: true }),
  }),
  startupCv: fc.double({ min: 0, max: 1, noNaN: true }),
  crashesPerReplicaHour: fc.constantFrom(0, 0, 20),
})
const loads = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 2000, noNaN: true })), {
  minLength: 2,
  maxLength: 6,
})
const counts = (ticks: number) =>
  fc.array(fc.integer({ min: 0, max: 40 }), { minLength: ticks, maxLength: ticks })
const runs = loads.chain((load) =>
  fc.record({ load: fc.constant(load), serving: servings, requested: counts(4 * load.length) }),
)

function expectPossible(
  one: Measured,
  { concurrency, queueLimit }: { concurrency: number; queueLimit: number },
): void {
  const { arrivals, violations, failures, queued, inService, utilization, replicas } = one
  for (const figure of [arrivals, violations, failures, queued, inService, one.cost])
    expect(figure).toBeGreaterThanOrEqual(0)
  expect(inService).toBeLessThanOrEqual(replicas.ready * concurrency + 1e-6)
  expect(queued).toBeLessThanOrEqual(replicas.ready * queueLimit + 1e-3)
  const shares = [utilization, one.latencyMeanSeconds, one.latencyP95Seconds]
  for (const figure of shares) expect(Number.isNaN(figure) || figure >= 0).toBe(true)
  expect(utilization > 1).toBe(false)
}

describe('whatever is asked of it, the fluid plant', () => {
  it('measures nothing negative, nothing absurd', () => {
    fc.assert(
      fc.property(runs, ({ requested, ...given }) => {
        const measured = run(given, requested)
        for (const one of measured) expectPossible(one, given.serving)
        // a failure is a violation, perhaps of an earlier interval
        const violations = sum(measured, (one) => one.violations)
        expect(sum(measured, (one) => one.failures)).toBeLessThanOrEqual(violations + 1e-6)
      }),
      { numRuns: 100 },
    )
  })

  it('rounds nothing to less than nothing, however small the load', () => {
    const given = { load: [0, 0, 2.3836797435383657e-78, 0] }
    const requested = [0, 0, 0, 0, 0, 0, 1, 9, 9, 0, 0, 0, 0, 0, 0, 0]
    const serving = {
      concurrency: 1,
      queueLimit: 0,
      serviceTime: { distribution: 'lognormal', meanSeconds: 1.8600146519507625, cv: 0 },
      balancing: 'round-robin',
      timeoutSeconds: 0.1,
      retries: { most: 0, backoffSeconds: 0 },
      startupCv: 0,
    }
    for (const one of run({ ...given, serving }, requested)) expectPossible(one, serving)
  })

  it('counts every request that comes', () => {
    fc.assert(
      fc.property(runs, ({ requested, ...given }) => {
        const offered = given.load.reduce((total, rps) => total + 60 * rps, 0)
        expect(sum(run(given, requested), (one) => one.arrivals)).toBeCloseTo(offered, 5)
      }),
    )
  })

  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(runs, ({ requested, ...given }) => {
        expect(run(given, requested)).toEqual(run(given, requested))
      }),
      { numRuns: 30 },
    )
  })

  it('bills replica-seconds at the price', () => {
    fc.assert(
      fc.property(runs, fc.double({ min: 0.01, max: 10, noNaN: true }), (given, price) => {
        const spec = { pricePerReplicaHour: price }
        for (const { cost, replicaSeconds } of run({ ...given, spec }, given.requested))
          expect(cost).toBeCloseTo((replicaSeconds / 3600) * price, 12)
      }),
      { numRuns: 50 },
    )
  })
})

describe('at rest', () => {
  const resting = fc.record({
    balancing: fc.constantFrom('round-robin', 'random', 'least-connections', 'two-choices'),
    concurrency: fc.integer({ min: 1, max: 8 }),
    cv: fc.double({ min: 0.05, max: 2, noNaN: true }),
    rps: fc.double({ min: 1, max: 500, noNaN: true }),
    replicas: fc.integer({ min: 1, max: 60 }),
  })

  it('more replicas never let more requests violate', () => {
    fc.assert(
      fc.property(resting, ({ balancing, concurrency, cv, rps, replicas }) => {
        const given = {
          load: Array(10).fill(rps),
          serving: { balancing, concurrency, serviceTime: { cv } },
        }
        const last = (count: number) => run(given, Array(40).fill(count)).at(-1)!
        const fewer = last(replicas)
        const more = last(replicas + 1)
        // as precisely as the tables of waits are
        expect(more.violations).toBeLessThanOrEqual(fewer.violations * 1.01 + 1e-6 * fewer.arrivals)
      }),
    )
  })

  it('utilization is load ÷ capacity, and requests in it are load × latency (Little)', () => {
    fc.assert(
      fc.property(resting, ({ balancing, concurrency, cv, rps, replicas }) => {
        const capacity = (replicas * concurrency) / 0.1
        fc.pre(rps < 0.9 * capacity)
        const given = {
          load: Array(10).fill(rps),
          // a client that gave up would be in the system, but not among the answers
          serving: {
            balancing,
            concurrency,
            serviceTime: { cv },
            queueLimit: 10_000,
            timeoutSeconds: 1e6,
          },
        }
        const one = run(given, Array(40).fill(replicas)).at(-1)!
        expect(one.utilization).toBeCloseTo(rps / capacity, 5)
        const inSystem = one.queued + one.inService
        expect(inSystem / (rps * one.latencyMeanSeconds)).toBeCloseTo(1, 2)
      }),
    )
  })

  it('a single place waits as Pollaczek and Khinchine say: ρ(1 + cv²)S ÷ 2(1 − ρ)', () => {
    for (const cv of [0, 0.5, 1.5]) {
      const given = { load: Array(20).fill(7), serving: { concurrency: 1, serviceTime: { cv } } }
      const one = run(given, Array(80).fill(1)).at(-1)!
      const wait = (0.7 * (1 + cv * cv) * 0.1) / (2 * 0.3)
      expect(one.latencyMeanSeconds / (0.1 + wait)).toBeCloseTo(1, 2)
    }
  })
})

describe('a backlog', () => {
  it('grows by what is too much, and is gone as soon as capacity allows', () => {
    const serving = { queueLimit: 10_000, timeoutSeconds: 600 }
    // 2 replicas carry 80 requests/s: 20 too many for 2 minutes, then 80 too few
    const measured = run({ load: [100, 100, 80, 80, 80], serving }, [
      ...Array(8).fill(2),
      ...Array(12).fill(4),
    ])
    expect(measured[7]!.queued).toBeGreaterThan(2390)
    expect(measured[7]!.queued).toBeLessThan(2600)
    // 30 s to start, in which nothing is gained, then 2400 ÷ 80 = 30 s
    expect(measured[11]!.queued).toBeLessThan(100)
    expect(measured[10]!.queued).toBeGreaterThan(900)
  })

  it('is refused where it finds no room', () => {
    const measured = run({ load: [100, 100], serving: { queueLimit: 10 } }, Array(8).fill(2))
    const last = measured.at(-1)!
    // a fifth is too much; chance lets places idle now and then, and so a little more is refused
    expect(last.failures / last.arrivals).toBeGreaterThan(0.199)
    expect(last.failures / last.arrivals).toBeLessThan(0.22)
    expect(last.queued).toBeCloseTo(20, 0)
  })
})

describe('replicas', () => {
  it('serve from the moment they are ready, within an interval too', () => {
    const given = { load: [0, 0], spec: { startupSeconds: 20 } }
    const measured = run(given, [3, 3, 3, 3], 1)
    expect(measured.map(({ replicas }) => replicas.ready)).toEqual([1, 3, 3, 3])
    expect(measured.map(({ replicaSeconds }) => replicaSeconds)).toEqual([45, 45, 45, 45])
  })

  it('without any, every request fails', () => {
    const one = run({ load: [50] }, [0])[0]!
    expect(one.failures).toBe(one.arrivals)
    expect(one.utilization).toBeNaN()
  })

  it('crash as often as declared, and start anew', () => {
    const given = { load: Array(60).fill(10), serving: { crashesPerReplicaHour: 6 } }
    const measured = run(given, Array(240).fill(50))
    // 300 expected; each is missing for 30 s
    const missing = sum(measured, ({ replicas }) => replicas.starting) * 15
    expect(missing / 30).toBeGreaterThan(240)
    expect(missing / 30).toBeLessThan(360)
    expect(sum(measured, (one) => one.failures)).toBeGreaterThan(0)
  })

  it('wait for a node, and cost what nodes cost', () => {
    const tier = { name: 'small', cpu: 2, memoryGib: 4, pricePerHour: 0.12, startupSeconds: 60 }
    const measured = run({ load: [0, 0, 0], nodes: { tiers: [tier] } }, Array(12).fill(4), 2)
    // a minute for the node, half a one for the replica
    expect(measured.map(({ replicas }) => replicas.ready)).toEqual([
      2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4,
    ])
    expect(sum(measured, ({ cost }) => cost)).toBeCloseTo((2 * 0.12 * 180) / 3600, 12)
  })

  it('are whole: half of one is an error that names the service', () => {
    expect(() => run({ load: [0] }, [1.5])).toThrow(/service web: 1.5, must be a whole number/)
  })
})

it('a call to a service that is not there is an error that names both', () => {
  const serving = { calls: [{ service: 'payment' }] }
  expect(() => run({ load: [1], serving }, [1])).toThrow(/service web calls payment/)
})
