/** What every plant keeps to, whichever way it simulates. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFluidPlant } from './fluid/plant.ts'
import type { CreatePlant } from './plant.ts'
import { createRequestPlant } from './requests/plant.ts'
import { Nodes } from './scenario.ts'
import { plantOf, run, scenarioOf, times, totals } from './test-scenarios.ts'

const PLANTS: readonly (readonly [string, CreatePlant])[] = [
  ['fluid', createFluidPlant],
  ['requests', createRequestPlant],
]

/** 20 places are 100 requests/s at 200 ms each. */
const FIVE = { load: times(30, 60), serving: { concurrency: 4 } }

describe.each(PLANTS)('%s', (_name, create) => {
  it('measures what came, at rest: few violations, utilization and cost as arithmetic has them', () => {
    const plant = plantOf(
      create,
      scenarioOf({ web: { ...FIVE, spec: { pricePerReplicaHour: 0.36 } } }),
      {
        initial: [5],
      },
    )
    const measured = run(plant, times(30, 5))
    const { arrivals, violations, failures, cost } = totals(measured)
    // a Poisson count of 18,000 within 4 standard deviations
    expect(Math.abs(arrivals - 18_000)).toBeLessThan(537)
    expect(failures).toBe(0)
    expect(violations / arrivals).toBeLessThan(0.05)
    const utilization = measured.reduce((sum, [one]) => sum + one!.utilization, 0) / 30
    expect(Math.abs(utilization - 0.6)).toBeLessThan(0.03)
    expect(cost).toBeCloseTo((5 * 0.36 * 300) / 3600, 9)
    const latency = measured.at(-1)![0]!
    expect(latency.latencyMeanSeconds).toBeGreaterThan(0.17)
    expect(latency.latencyMeanSeconds).toBeLessThan(0.3)
    expect(latency.latencyP95Seconds).toBeGreaterThan(latency.latencyMeanSeconds)
  })

  it('gives the same bytes for the same seed', () => {
    const serving = { crashesPerReplicaHour: 60, startupCv: 0.5, retries: { most: 2 } }
    const scenario = scenarioOf({
      web: { load: times(20, 50), serving, spec: { startupSeconds: 8 } },
    })
    const record = (seed: number) =>
      JSON.stringify(run(plantOf(create, { ...scenario, seed }), [3, 5, 4, 6, 2, ...times(15, 5)]))
    expect(record(1)).toBe(record(1))
    expect(record(2)).not.toBe(record(1))
  })

  it('starts with what carries the first load, in bounds, unless it is told', () => {
    const service = {
      load: [95],
      spec: { capacityPerReplica: 10, targetUtilization: 1, minReplicas: 2, maxReplicas: 8 },
    }
    expect(plantOf(create, scenarioOf({ web: service })).replicas()[0]!.ready).toBe(8)
    expect(
      plantOf(create, scenarioOf({ web: { ...service, load: [0] } })).replicas()[0]!.ready,
    ).toBe(2)
    const told = plantOf(create, scenarioOf({ web: service }), { initial: [3] })
    expect(told.replicas()).toEqual([{ requested: 3, ready: 3, starting: 0, terminating: 0 }])
  })

  it('has new replicas ready after their start-up time, paid for from the order on', () => {
    const scenario = scenarioOf({ web: { load: times(9, 10), spec: { startupSeconds: 25 } } })
    const measured = run(plantOf(create, scenario, { initial: [2] }), times(4, 5))
    expect(measured.map(([one]) => one!.replicas.ready)).toEqual([2, 2, 5, 5])
    expect(measured.map(([one]) => one!.replicas.starting)).toEqual([3, 3, 0, 0])
    expect(measured.map(([one]) => one!.replicaSeconds)).toEqual([50, 50, 50, 50])
  })

  it('takes replicas that are still starting back first, at once and without more cost', () => {
    const scenario = scenarioOf({ web: { load: times(9, 0), spec: { startupSeconds: 25 } } })
    const measured = run(plantOf(create, scenario, { initial: [2] }), [5, 3, 2])
    expect(measured.map(([one]) => one!.replicas.starting)).toEqual([3, 1, 0])
    expect(measured.map(([one]) => one!.replicas.ready)).toEqual([2, 2, 2])
    expect(measured.map(([one]) => one!.replicaSeconds)).toEqual([50, 30, 20])
  })

  it('lets replicas that go answer what they have', () => {
    const scenario = scenarioOf({ web: { ...FIVE, load: times(9, 30) } })
    const measured = run(plantOf(create, scenario, { initial: [5] }), [5, 2, 2, 2])
    expect(totals(measured).failures).toBe(0)
    expect(measured.at(-1)![0]!.replicas).toEqual({
      ...{ requested: 2, ready: 2, starting: 0, terminating: 0 },
    })
  })

  it('fails everything without a replica, and says that it knows no utilization', () => {
    const plant = plantOf(create, scenarioOf({ web: { load: times(3, 50) } }), { initial: [0] })
    const measured = run(plant, [0, 0, 0])
    const { arrivals, violations, failures } = totals(measured)
    expect(arrivals).toBeGreaterThan(1000)
    expect(failures).toBe(arrivals)
    expect(violations).toBe(arrivals)
    expect(measured[0]![0]!.utilization).toBeNaN()
    expect(measured[0]![0]!.latencyP95Seconds).toBeNaN()
  })

  it('answers at its capacity when twice as much comes, and fails about the rest', () => {
    const serving = { concurrency: 4, queueLimit: 8, timeoutSeconds: 5 }
    const plant = plantOf(create, scenarioOf({ web: { load: times(30, 200), serving } }), {
      initial: [5],
    })
    const measured = run(plant, times(30, 5))
    const { arrivals, failures } = totals(measured)
    expect(Math.abs(failures / arrivals - 0.5)).toBeLessThan(0.03)
    expect(measured.at(-1)![0]!.utilization).toBeGreaterThan(0.97)
    expect(measured.at(-1)![0]!.queued).toBeGreaterThan(30)
  })

  it('passes load on along calls, and back-pressure back', () => {
    const services = (stock: number) => {
      const order = { calls: [{ service: 'stock', perRequest: 2 }], concurrency: 20 }
      const scenario = scenarioOf({
        order: { load: times(30, 20), serving: order },
        stock: { load: times(30, 0), serving: { timeoutSeconds: 3 } },
      })
      return run(plantOf(create, scenario, { initial: [2, stock] }), times(30, [2, stock]))
    }
    const plenty = services(6)
    const scarce = services(1)
    expect(Math.abs(totals(plenty, 1).arrivals / totals(plenty, 0).arrivals / 2 - 1)).toBeLessThan(
      0.05,
    )
    expect(totals(plenty, 0).failures / totals(plenty, 0).arrivals).toBeLessThan(0.01)
    const late = (measured: ReturnType<typeof run>) => measured.at(-1)![0]!
    // 0.2 s of its own and two calls of 0.2 s each
    expect(late(plenty).latencyMeanSeconds).toBeGreaterThan(0.5)
    expect(late(plenty).latencyMeanSeconds).toBeLessThan(0.9)
    expect(late(scarce).utilization).toBeGreaterThan(1.5 * late(plenty).utilization)
    expect(totals(scarce, 0).violations / totals(scarce, 0).arrivals).toBeGreaterThan(0.9)
  })

  it('replaces what crashes', () => {
    const serving = { crashesPerReplicaHour: 120 }
    const scenario = scenarioOf({
      web: { load: times(60, 20), serving, spec: { startupSeconds: 5 } },
    })
    const measured = run(plantOf(create, scenario, { initial: [10] }), times(60, 10))
    const ready = measured.map(([one]) => one!.replicas.ready)
    // of 10 replicas one crashes every 3 s and is away for 5 s: 10 ÷ (1 + 5 ÷ 30) are there
    expect(Math.abs(ready.reduce((sum, n) => sum + n, 0) / 60 - 8.57)).toBeLessThan(0.5)
    for (const [one] of measured) expect(one!.replicas.ready + one!.replicas.starting).toBe(10)
    expect(totals(measured).failures).toBeGreaterThan(0)
  })

  it('pays for nodes instead where there are nodes, and waits for them', () => {
    const nodes = Nodes.parse({
      tiers: [{ name: 'small', cpu: 2, memoryGib: 4, pricePerHour: 0.36, startupSeconds: 15 }],
    })
    const scenario = scenarioOf({ web: { load: times(9, 5) } }, { nodes })
    const measured = run(plantOf(create, scenario, { initial: [2] }), [2, 4, 4, 4])
    expect(measured.map(([one]) => one!.replicas.ready)).toEqual([2, 2, 4, 4])
    for (const [tick, each] of [0.001, 0.002, 0.002, 0.002].entries())
      expect(measured[tick]![0]!.cost).toBeCloseTo(each, 9)
  })

  it('says which count it cannot ask for', () => {
    const plant = plantOf(create, scenarioOf({ web: { load: [1] } }))
    for (const wrong of [-1, 1.5, Number.NaN])
      expect(() => plant.advance([wrong])).toThrow(/replicas asked of service web: .*whole number/)
    expect(() => plant.advance([])).toThrow(/undefined/)
  })

  it('never counts more than there is, whatever is ordered', () => {
    const tick = fc.record({
      load: fc.integer({ min: 0, max: 300 }),
      count: fc.integer({ min: 0, max: 12 }),
    })
    const chance = fc.record({
      crashesPerReplicaHour: fc.constantFrom(0, 100),
      startupSeconds: fc.constantFrom(0, 4, 33),
      drainSeconds: fc.constantFrom(0, 1, 30),
      retries: fc.constantFrom(0, 2),
      seed: fc.nat(1000),
    })
    fc.assert(
      fc.property(fc.array(tick, { minLength: 1, maxLength: 12 }), chance, (ticks, with_) => {
        const { crashesPerReplicaHour, drainSeconds, startupSeconds, seed } = with_
        const retries = { most: with_.retries, backoffSeconds: 0.5 }
        const serving = { crashesPerReplicaHour, drainSeconds, retries, queueLimit: 20 }
        const load = ticks.map((one) => one.load)
        const scenario = scenarioOf({ web: { load, serving, spec: { startupSeconds } } }, { seed })
        const measured = run(plantOf(create, scenario), [
          ...ticks.map(({ count }) => count),
          ...times(8, 1),
        ])
        let violations = 0
        let failures = 0
        let arrivals = 0
        for (const [one] of measured) {
          const { replicas, utilization } = one!
          arrivals += one!.arrivals
          violations += one!.violations
          failures += one!.failures
          for (const figure of [
            one!.arrivals,
            one!.violations,
            one!.failures,
            one!.queued,
            one!.inService,
            one!.replicaSeconds,
            one!.cost,
          ])
            expect(figure).toBeGreaterThanOrEqual(-1e-9)
          expect(Number.isNaN(utilization) || (utilization >= 0 && utilization <= 1)).toBe(true)
          expect(violations).toBeLessThanOrEqual(arrivals * (1 + 1e-9) + 1e-9)
          expect(replicas.ready + replicas.starting).toBe(replicas.requested)
        }
        expect(failures).toBeLessThanOrEqual(violations * (1 + 1e-9) + 1e-9)
      }),
      { numRuns: 40 },
    )
  })
})
