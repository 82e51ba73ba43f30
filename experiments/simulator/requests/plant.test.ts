/** What only single requests can show: times to the millisecond, who is counted when, and that nobody is lost. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Over } from '../plant.ts'
import { plantOf, run, scenarioOf, type TestService, times, totals } from '../test-scenarios.ts'
import { createRequestPlant } from './plant.ts'

const FIXED = { distribution: 'deterministic', meanSeconds: 2 } as const

/** Requests at these times, ms, to a service that takes exactly 2 s each; ticks of 10 s. */
function follow(
  arrivals: number[],
  serving: TestService['serving'],
  counts: number[],
  initial = 1,
) {
  const overs: Over[] = []
  const service = { load: [], serving: { serviceTime: FIXED, concurrency: 1, ...serving } }
  const scenario = scenarioOf({ web: { ...service, spec: { slo: { latencySeconds: 3 } } } })
  const plant = plantOf(createRequestPlant, scenario, {
    ...{ initial: [initial], arrivals: [arrivals] },
    onOver: (over) => overs.push(over),
  })
  const measured = run(plant, counts)
  return { overs, measured, first: measured[0]![0]! }
}
const fates = (overs: readonly Over[]) =>
  overs.map(({ arrivedAtMs, seconds, isGood }) => [arrivedAtMs, seconds, isGood])

describe('a replica', () => {
  it('serves as many at once as it has places, the others in order of arrival', () => {
    const { overs, first } = follow([0, 100, 200], { concurrency: 2 }, [1])
    expect(fates(overs)).toEqual([
      [0, 2, true],
      [100, 2, true],
      [200, 3.8, true],
    ])
    expect(first).toMatchObject({
      arrivals: 3,
      violations: 1,
      failures: 0,
      queued: 0,
      inService: 0,
    })
    expect(first.latencyMeanSeconds).toBeCloseTo(2.6, 9)
    // 6 s of 20 s of places
    expect(first.utilization).toBeCloseTo(0.3, 9)
  })

  it('refuses who finds its queue full', () => {
    const { overs } = follow([0, 1, 2], { queueLimit: 1 }, [1])
    expect(fates(overs)).toEqual([
      [2, 0, false],
      [0, 2, true],
      [1, 3.999, true],
    ])
  })

  it('loses who waits for longer than the time-out, at that instant', () => {
    const { overs } = follow([0, 500, 600], { timeoutSeconds: 3 }, [1])
    expect(fates(overs)).toEqual([
      [0, 2, true],
      [500, 3, false],
      [600, 3, false],
    ])
  })

  it('goes on with what its client gave up', () => {
    const { overs, measured } = follow(
      [0, 7000],
      { timeoutSeconds: 1, serviceTime: { ...FIXED, meanSeconds: 9 } },
      [1, 1],
    )
    expect(fates(overs)).toEqual([
      [0, 1, false],
      [7000, 1, false],
    ])
    // the second left the queue at 8 s, before there was a place
    expect(measured[0]![0]).toMatchObject({ inService: 0, queued: 0, failures: 2, violations: 2 })
    expect(measured[0]![0]!.utilization).toBeCloseTo(0.9, 9)
  })

  it('that is told to go answers all that it has, and is paid for until then', () => {
    const { overs, measured } = follow([9000, 9100, 12_000], {}, [1, 0, 0])
    expect(fates(overs)).toEqual([
      [9000, 2, true],
      [12_000, 0, false],
      [9100, 3.9, true],
    ])
    expect(measured.map(([one]) => one!.replicaSeconds)).toEqual([10, 3, 0])
    expect(measured[1]![0]!.utilization).toBeNaN()
  })

  it('is cut off when draining takes too long', () => {
    const { overs, measured } = follow([9000, 9100], { drainSeconds: 1.5 }, [1, 0])
    expect(fates(overs)).toEqual([
      [9000, 2, true],
      [9100, 2.4, false],
    ])
    expect(measured[1]![0]!.replicaSeconds).toBeCloseTo(1.5, 9)
  })
})

describe('violations', () => {
  it('are certain for who has waited too long at the end of an interval, and carried over for the younger', () => {
    // served one after the other: answered at 8, 10, 12, 14 s; an SLO of 3 s
    const { measured } = follow([6000, 6500, 6900, 9000], {}, [1, 1])
    expect(measured.map(([one]) => one!.violations)).toEqual([2, 1])
    expect(measured.map(([one]) => one!.arrivals)).toEqual([4, 0])
  })

  it('count once, also when the answer fails in a later interval', () => {
    const { measured } = follow(
      [0, 1000],
      { timeoutSeconds: 11, serviceTime: { ...FIXED, meanSeconds: 30 } },
      [1, 1, 1],
    )
    expect(measured.map(([one]) => one!.violations)).toEqual([2, 0, 0])
    expect(measured.map(([one]) => one!.failures)).toEqual([0, 2, 0])
  })
})

describe('retries', () => {
  const retries = { most: 2, backoffSeconds: 1 }

  it('come after the backoff, count as one request, and take all of its time', () => {
    const { overs, first } = follow([0, 100], { queueLimit: 0, retries }, [1])
    expect(fates(overs)).toEqual([
      [0, 2, true],
      [100, 4, true],
    ])
    expect(first).toMatchObject({ arrivals: 2, failures: 0, violations: 1 })
  })

  it('end', () => {
    const { overs } = follow([500], { retries }, [0], 0)
    expect(fates(overs)).toEqual([[500, 2, false]])
  })

  it('leave behind what the server still works at', () => {
    const slow = {
      concurrency: 3,
      timeoutSeconds: 1,
      serviceTime: { ...FIXED, meanSeconds: 8 },
      retries,
    }
    const { overs, first } = follow([0], slow, [1])
    // tries at 0, 2 and 4 s, each given up after a second, each served for 8 s
    expect(fates(overs)).toEqual([[0, 5, false]])
    expect(first.inService).toBe(1)
    expect(first.utilization).toBeCloseTo((8 + 8 + 6) / 30, 9)
  })
})

describe('calls', () => {
  const graph = (stock: TestService['serving'], order: TestService['serving'] = {}) =>
    scenarioOf({
      order: {
        load: [],
        serving: {
          concurrency: 1,
          serviceTime: FIXED,
          calls: [{ service: 'stock', perRequest: 2 }],
          ...order,
        },
      },
      stock: {
        load: [],
        serving: { concurrency: 1, serviceTime: { ...FIXED, meanSeconds: 1 }, ...stock },
      },
    })
  const watch = (scenario: ReturnType<typeof graph>, arrivals: number[], counts: number[]) => {
    const overs: Over[] = []
    const plant = plantOf(createRequestPlant, scenario, {
      ...{ initial: counts, arrivals: [arrivals, []] },
      onOver: (over) => overs.push(over),
    })
    return { overs, measured: run(plant, [counts, counts]) }
  }

  it('hold the caller in its place until all are answered', () => {
    const { overs, measured } = watch(graph({}), [0, 0], [1, 1])
    // 2 s of its own, then two calls of 1 s one after the other; only then the second begins
    expect(fates(overs)).toEqual([
      [0, 4, true],
      [0, 8, true],
    ])
    expect(measured[0]![1]).toMatchObject({ arrivals: 4, failures: 0 })
    expect(measured[0]![0]!.utilization).toBeCloseTo(0.8, 9)
    expect(measured[0]![1]!.utilization).toBeCloseTo(0.4, 9)
  })

  it('that fail make the caller fail', () => {
    const { overs } = watch(graph({}), [0], [1, 0])
    expect(fates(overs)).toEqual([[0, 2, false]])
  })

  it('are not waited for when the caller gave up, but are made to the end', () => {
    const { overs, measured } = watch(graph({}, { timeoutSeconds: 2.5 }), [0], [1, 1])
    expect(fates(overs)).toEqual([[0, 2.5, false]])
    expect(measured[0]![1]).toMatchObject({ arrivals: 2, failures: 0 })
  })

  it('of a fraction are made as often', () => {
    const calls = [{ service: 'stock', perRequest: 0.3 }]
    const scenario = scenarioOf({
      order: { load: times(20, 100), serving: { calls } },
      stock: { load: times(20, 0) },
    })
    const measured = run(
      plantOf(createRequestPlant, scenario, { initial: [10, 5] }),
      times(20, [10, 5]),
    )
    // of 20,000 within 4 standard deviations
    expect(
      Math.abs(totals(measured, 1).arrivals / totals(measured, 0).arrivals - 0.3),
    ).toBeLessThan(0.013)
  })
})

describe('balancing', () => {
  const meanLatency = (
    balancing: 'round-robin' | 'random' | 'least-connections' | 'two-choices',
  ) => {
    const serving = { balancing, concurrency: 1, queueLimit: 10_000, timeoutSeconds: 1000 }
    const scenario = scenarioOf({
      web: {
        load: times(100, 45),
        serving: { ...serving, serviceTime: { distribution: 'exponential' } },
      },
    })
    const measured = run(plantOf(createRequestPlant, scenario, { initial: [6] }), times(100, 6))
    return measured.reduce((sum, [one]) => sum + one!.latencyMeanSeconds, 0) / 100
  }

  it('is better the more it knows', () => {
    const [random, roundRobin, two, least] = (
      ['random', 'round-robin', 'two-choices', 'least-connections'] as const
    ).map(meanLatency)
    // six M/M/1 of utilization 0.75 each: 0.1 s ÷ 0.25
    expect(Math.abs(random! / 0.4 - 1)).toBeLessThan(0.1)
    expect(roundRobin!).toBeLessThan(0.9 * random!)
    expect(two!).toBeLessThan(0.9 * roundRobin!)
    expect(least!).toBeLessThan(0.95 * two!)
  })
})

describe('requests', () => {
  it('are all over in the end, each once, whatever happens', () => {
    const chance = fc.record({
      load: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 }),
      counts: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 10 }),
      most: fc.integer({ min: 0, max: 3 }),
      backoffSeconds: fc.constantFrom(0, 0.3),
      timeoutSeconds: fc.constantFrom(0.3, 2, 10),
      crashesPerReplicaHour: fc.constantFrom(0, 200),
      balancing: fc.constantFrom('round-robin', 'random', 'least-connections', 'two-choices'),
      drainSeconds: fc.constantFrom(0, 1, 10),
    })
    fc.assert(
      fc.property(chance, ({ load, counts, most, backoffSeconds, ...rest }) => {
        const both = { ...rest, retries: { most, backoffSeconds }, queueLimit: 10, concurrency: 2 }
        const scenario = scenarioOf({
          order: { load, serving: { ...both, calls: [{ service: 'stock', perRequest: 1.5 }] } },
          stock: { load: [], serving: { ...both, calls: [{ service: 'audit', perRequest: 0.5 }] } },
          audit: { load: [3], serving: both },
        })
        let answered = 0
        let failed = 0
        const plant = plantOf(createRequestPlant, scenario, {
          onOver: ({ service, isGood }) => {
            if (service !== 0) return
            if (isGood) answered++
            else failed++
          },
        })
        const measured = run(plant, [...counts, ...times(12, 2)])
        expect(answered + failed).toBe(totals(measured).arrivals)
        expect(totals(measured).failures).toBe(failed)
        for (const one of measured.at(-1)!) expect([one.queued, one.inService]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })

  it("are as many in the system as Little's law says", () => {
    const serving = { concurrency: 2, queueLimit: 1000, serviceTime: { cv: 1.5, meanSeconds: 0.2 } }
    const steps = 4000
    const scenario = scenarioOf(
      { web: { load: times(steps, 40), serving } },
      { stepMs: 1000, tickMs: 1000 },
    )
    const measured = run(plantOf(createRequestPlant, scenario, { initial: [5] }), times(steps, 5))
    const mean = (figure: (tick: number) => number) =>
      measured.reduce((sum, _, tick) => sum + figure(tick), 0) / steps
    const inSystem = mean((tick) => measured[tick]![0]!.queued + measured[tick]![0]!.inService)
    const arrivals = mean((tick) => measured[tick]![0]!.arrivals)
    const seconds =
      mean((tick) => measured[tick]![0]!.arrivals * measured[tick]![0]!.latencyMeanSeconds) /
      arrivals
    expect(Math.abs(inSystem / (arrivals * seconds) - 1)).toBeLessThan(0.03)
  })

  it('come by a Poisson process that follows the load', () => {
    const load = [0, 100, 0, 20, 300]
    const measured = run(plantOf(createRequestPlant, scenarioOf({ web: { load } })), times(6, 20))
    const arrivals = measured.map(([one]) => one!.arrivals)
    expect(arrivals[0]).toBe(0)
    expect(arrivals[2]).toBe(0)
    expect(arrivals[5]).toBe(0)
    for (const tick of [1, 3, 4])
      expect(Math.abs(arrivals[tick]! - 10 * load[tick]!)).toBeLessThan(
        4 * Math.sqrt(10 * load[tick]!),
      )
  })

  it('are the same ones for any controller', () => {
    const scenario = scenarioOf({ web: { load: times(5, 50), serving: { retries: { most: 3 } } } })
    const arrivals = (count: number) =>
      run(plantOf(createRequestPlant, scenario), times(5, count)).map(([one]) => one!.arrivals)
    expect(arrivals(1)).toEqual(arrivals(9))
  })

  it('that are listed must be listed in order', () => {
    const wrong = [[5, 4], [-1], [Number.NaN]]
    for (const arrivals of wrong)
      expect(() => follow(arrivals, {}, [1])).toThrow(/arrival \d of service web/)
  })
})
