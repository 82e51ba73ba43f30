import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestWithinBudget } from './budget.ts'
import { linearBound } from './linear-bound.ts'
import { livedSchedule, type OracleService } from './schedule.ts'

const HOURS_A_TICK = 1

function serviceOf(load: readonly number[], startTicks: number, replicaCost = 1): OracleService {
  return {
    ...{ ticks: load.length, least: 0, most: 3, initial: 1, startTicks, replicaCost, stopCost: 0 },
    violations: (tick, ready) => Math.max(0, load[tick]! - 10 * ready),
  }
}

const fleet = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 4 }),
    fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 4 }),
    fc.constantFrom(0.5, 1, 2),
  )
  .map(([a, b, startTicks]) => [serviceOf(a, startTicks), serviceOf(b, startTicks, 1.5)])
const price = fc.constantFrom(0.05, 0.2, 1)
const budget = fc.constantFrom(2.5, 4, 6, 8)

/** Every pair of sequences of counts that the budget pays for. */
function bestByTrial(services: readonly OracleService[], each: number, most: number): number {
  const sequences = Array.from({ length: 4 ** 4 }, (_, code) =>
    Int32Array.from({ length: 4 }, (_, t) => Math.floor(code / 4 ** t) % 4),
  )
  const lived = services.map((service) =>
    sequences.map((requested) => {
      const { cost, violations } = livedSchedule(service, requested)
      return cost + each * violations
    }),
  )
  let best = Number.POSITIVE_INFINITY
  sequences.forEach((a, i) => {
    sequences.forEach((b, j) => {
      if (lived[0]![i]! + lived[1]![j]! >= best) return
      const spent = (t: number) =>
        a[t]! * services[0]!.replicaCost + b[t]! * services[1]!.replicaCost
      if ([0, 1, 2, 3].every((t) => spent(t) <= most + 1e-9)) best = lived[0]![i]! + lived[1]![j]!
    })
  })
  return best
}

describe('several services under one budget', () => {
  it('has schedules within it and a bound under it: what trying all finds lies between', () => {
    fc.assert(
      fc.property(fleet, price, budget, (services, each, costBudgetPerHour) => {
        const found = bestWithinBudget(services, each, {
          costBudgetPerHour,
          hoursATick: HOURS_A_TICK,
        })
        const best = bestByTrial(services, each, costBudgetPerHour)
        expect(found.bound).toBeLessThanOrEqual(best + 1e-9)
        expect(found.value).toBeGreaterThanOrEqual(best - 1e-9)
        for (let t = 0; t < 4; t++) {
          const spent = found.schedules.reduce(
            (sum, { requested }, i) => sum + requested[t]! * services[i]!.replicaCost,
            0,
          )
          expect(spent).toBeLessThanOrEqual(costBudgetPerHour + 1e-9)
        }
      }),
      { seed: 21, numRuns: 40 },
    )
  })

  it('closes the gap where the budget does not bind', () => {
    fc.assert(
      fc.property(fleet, price, (services, each) => {
        const { value, bound } = bestWithinBudget(services, each, {
          costBudgetPerHour: 100,
          hoursATick: HOURS_A_TICK,
        })
        expect(value).toBeCloseTo(bound, 9)
        expect(value).toBeCloseTo(bestByTrial(services, each, 100), 9)
      }),
      { seed: 22, numRuns: 20 },
    )
  })

  it('agrees with the linear program, which is a bound too and says where prices begin', async () => {
    await fc.assert(
      fc.asyncProperty(fleet, price, budget, async (services, each, costBudgetPerHour) => {
        const given = { costBudgetPerHour, hoursATick: HOURS_A_TICK }
        const { bound, prices } = await linearBound(services, each, given)
        const best = bestByTrial(services, each, costBudgetPerHour)
        expect(bound).toBeLessThanOrEqual(best + 1e-6)
        // dynamic programs know that replicas are whole: from these prices on their bound is no lower
        const found = bestWithinBudget(services, each, { ...given, prices })
        expect(found.bound).toBeGreaterThanOrEqual(bound - 1e-6)
        expect(found.value).toBeGreaterThanOrEqual(best - 1e-9)
      }),
      { seed: 23, numRuns: 15 },
    )
  })

  it('refuses a budget that does not pay for the least replicas', () => {
    const services = [{ ...serviceOf([1, 1], 1), least: 2 }]
    expect(() =>
      bestWithinBudget(services, 1, { costBudgetPerHour: 1, hoursATick: HOURS_A_TICK }),
    ).toThrow('budget is 1, allowed from 2')
  })
})
