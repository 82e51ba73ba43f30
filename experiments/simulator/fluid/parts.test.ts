/** Shortcuts of the fluid simulator beside what they stand for: tables beside formulas, closed forms beside sums. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServiceSpec } from '../../../agents/service-spec.ts'
import { Serving } from '../scenario.ts'
import { createFlow, setReplicas } from './flow.ts'
import { flowOn } from './pace.ts'
import { conditionalWait, solveUtilization, waitProbability } from './queue-shape.ts'
import { beyondP95, quantileBehindBacklog, tailOf, unitLaw, type Wait } from './response-law.ts'
import { quantileOfTail } from './response-quantile.ts'
import {
  cellOf,
  MOST_UTILIZATION,
  restTable,
  restTables,
  solveAtRest,
  within,
} from './rest-table.ts'
import { clearSums } from './sums.ts'

const serviceOf = (serving: object) => ({
  name: 'web',
  spec: ServiceSpec.parse({}),
  serving: Serving.parse(serving),
  history: new Float64Array(0),
  load: new Float64Array(0),
})
const laws = fc.record({
  distribution: fc.constantFrom('lognormal', 'exponential', 'deterministic'),
  cv: fc.double({ min: 0.2, max: 2, noNaN: true }),
} as const)
const servings = fc.record({
  serviceTime: laws,
  concurrency: fc.integer({ min: 1, max: 16 }),
  balancing: fc.constantFrom('round-robin', 'random', 'least-connections', 'two-choices'),
})
const replicas = fc.integer({ min: 1, max: 30 })
const utilizations = fc.double({ min: 0.02, max: MOST_UTILIZATION, maxExcluded: true, noNaN: true })

describe('tables of a queue at rest', () => {
  it('say what the formulas say', () => {
    fc.assert(
      fc.property(servings, replicas, utilizations, (serving, count, utilization) => {
        const service = serviceOf(serving)
        const law = unitLaw(service.serving.serviceTime)
        const tables = restTables(service, law)
        const table = restTable(tables, count)
        const cell = cellOf(tables, table, utilization)
        const scv = law.cv ** 2
        const wait: Wait = {
          ...{ certainSeconds: 0, spreadSeconds: 0, riseSeconds: 0 },
          waitProbability: waitProbability(table.shape, scv, utilization),
          waitSeconds: 0.1 * conditionalWait(table.shape, scv, utilization),
        }
        const outside = tailOf(law, 0.1, wait, service.spec.slo.latencySeconds)
        expect(Math.abs(within(table.outside, cell, utilization) - outside)).toBeLessThan(
          1e-3 * outside + 1e-6,
        )
        const tail = (seconds: number): number => tailOf(law, 0.1, wait, seconds)
        const beyond = tail(within(table.p95, cell, utilization))
        // a deterministic service has most of its answers at one instant: its tail jumps there
        const expected = beyondP95(tail(service.serving.timeoutSeconds))
        if (law.cv > 0) expect(Math.abs(beyond - expected)).toBeLessThan(2e-4)
      }),
    )
  })

  it('find the utilization that the formulas find', () => {
    const flows = fc.double({ min: 0, max: 1e4, noNaN: true })
    const cases = fc.tuple(servings, replicas, utilizations, flows, utilizations)
    fc.assert(
      fc.property(cases, ([serving, count, utilization, flow, guess]) => {
        const service = serviceOf(serving)
        const law = unitLaw(service.serving.serviceTime)
        const tables = restTables(service, law)
        const table = restTable(tables, count)
        const scv = law.cv ** 2
        const wait = conditionalWait(table.shape, scv, utilization)
        const waiting = waitProbability(table.shape, scv, utilization) * wait
        const total = table.shape.allPlaces * utilization * (1 + waiting) + flow * utilization
        const found = solveAtRest(tables, table, flow, total, guess)
        if (utilization < MOST_UTILIZATION - 0.002)
          expect(Math.abs(found - utilization)).toBeLessThan(2e-4)
        const formula = solveUtilization(table.shape, scv, flow, total, guess)
        expect(Math.abs(formula - utilization)).toBeLessThan(1e-6)
      }),
    )
  })

  it('find it from a guess that is next to nothing', () => {
    const { shape } = restTable(
      restTables(serviceOf({}), unitLaw(Serving.parse({}).serviceTime)),
      1,
    )
    for (const guess of [5e-324, 1e-300, 1 - 1e-12]) {
      const found = solveUtilization(shape, 0.25, 100, 50, guess)
      expect(Math.abs(found - solveUtilization(shape, 0.25, 100, 50))).toBeLessThan(1e-9)
    }
  })

  it('know that more than their places is no rest', () => {
    const service = serviceOf({})
    const tables = restTables(service, unitLaw(service.serving.serviceTime))
    expect(solveAtRest(tables, restTable(tables, 3), 10, 40, 0.5)).toBeNaN()
    expect(solveAtRest(tables, restTable(tables, 3), 10, 0, 0.5)).toBe(0)
  })
})

describe('behind a backlog', () => {
  const waits = fc.record({
    certainSeconds: fc.double({ min: 1, max: 20, noNaN: true }),
    spreadSeconds: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    waitSeconds: fc.double({ min: 0, max: 0.4, noNaN: true }),
  })

  it('a wait that rises has the mean of the tails on the way', () => {
    const rises = fc.double({ min: -1.9, max: 1.9, noNaN: true })
    fc.assert(
      fc.property(
        waits,
        rises,
        laws,
        fc.double({ min: -2, max: 2, noNaN: true }),
        (some, share, one, off) => {
          // the way stays behind a backlog to its ends
          const riseSeconds = share * (some.certainSeconds - 0.85)
          const law = unitLaw(one)
          const wait = { ...some, riseSeconds, waitProbability: 1 }
          const seconds = some.certainSeconds + off
          const n = 400
          let sum = 0
          for (let i = 0; i < n; i++) {
            const certainSeconds = some.certainSeconds + riseSeconds * ((i + 0.5) / n - 0.5)
            sum += tailOf(law, 0.1, { ...wait, certainSeconds, riseSeconds: 0 }, seconds)
          }
          expect(Math.abs(tailOf(law, 0.1, wait, seconds) - sum / n)).toBeLessThan(2e-3)
        },
      ),
    )
  })

  it('has the quantile that a search finds', () => {
    fc.assert(
      fc.property(waits, laws, (some, one) => {
        const law = unitLaw(one)
        const wait = { ...some, riseSeconds: 0, waitProbability: 1 }
        const found = quantileOfTail((seconds) => tailOf(law, 0.1, wait, seconds), 0.05, 1)
        const closed = quantileBehindBacklog(law, 0.1, wait, 0.05)
        expect(Math.abs(closed / found - 1)).toBeLessThan(2e-4)
      }),
    )
  })

  it('is not told in closed form where there is none', () => {
    const wait = { certainSeconds: 5, spreadSeconds: 0.1, waitSeconds: 0.1, waitProbability: 1 }
    const law = unitLaw({ distribution: 'lognormal', cv: 0.5 })
    expect(quantileBehindBacklog(law, 0.1, { ...wait, riseSeconds: 1 }, 0.05)).toBeNaN()
    const shallow = { ...wait, riseSeconds: 0, certainSeconds: 0.05 }
    expect(quantileBehindBacklog(law, 0.1, shallow, 0.05)).toBeNaN()
  })
})

describe('few steps', () => {
  /** Requests/s for each of the seconds, at 200 requests/s of capacity, in steps of so many seconds. */
  function through(loads: readonly number[], stepSeconds: number, serving: object = {}) {
    const flow = createFlow(serviceOf({ queueLimit: 500, ...serving }))
    setReplicas(flow, 5)
    clearSums(flow.sums)
    for (const offered of loads)
      for (let at = 0; at < 30; at += stepSeconds) flowOn(flow, offered, stepSeconds)
    return flow
  }

  it('come to where many come: a backlog builds, is deep, drains, is gone', () => {
    const load = fc.double({ min: 20, max: 400, noNaN: true })
    fc.assert(
      fc.property(fc.array(load, { minLength: 1, maxLength: 6 }), (loads) => {
        const few = through(loads, 15)
        // a second each
        const many = through(loads, 2)
        expect(few.sums.arrivals).toBeCloseTo(many.sums.arrivals, 6)
        const arrived = many.sums.arrivals
        expect(Math.abs(few.inSystem - many.inSystem)).toBeLessThan(0.004 * arrived)
        expect(Math.abs(few.sums.violations - many.sums.violations)).toBeLessThan(0.005 * arrived)
        expect(Math.abs(few.sums.failures - many.sums.failures)).toBeLessThan(0.005 * arrived)
        expect(few.sums.parts).toBeLessThanOrEqual(many.sums.parts)
      }),
    )
  })

  it('are one in a full queue, whose answers are all alike', () => {
    const full = through([300, 300, 300, 300], 15, { queueLimit: 20 })
    clearSums(full.sums)
    flowOn(full, 300, 15)
    expect(full.sums.parts).toBe(1)
    expect(full.sums.failures / full.sums.arrivals).toBeCloseTo(1 / 3, 2)
    expect(full.sums.p95Seconds).toBeGreaterThan(0.5)
  })
})
