import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestSchedule, lagOf, type OracleService, type Ramp, scheduleOf } from './schedule.ts'

/** What a plant would do with the counts asked for: the model's words, not its reduction. */
function byPlant(service: OracleService, requested: readonly number[]) {
  const { initial, replicaCost, stopCost, violations } = service
  const { whole, share } = lagOf(service)
  const asked = (t: number) => (t < 0 ? initial : requested[t]!)
  const readyAt = (t: number) =>
    Math.min(...Array.from({ length: whole + 1 }, (_, k) => asked(t - k)))
  let cost = 0
  let violating = 0
  requested.forEach((count, t) => {
    cost += replicaCost * count + stopCost * Math.max(0, asked(t - 1) - count)
    const early = Math.min(readyAt(t - 1), readyAt(t))
    violating += share * violations(t, early) + (1 - share) * violations(t, readyAt(t))
  })
  return { cost, violations: violating }
}

function feasible({ ramp, initial, least, most }: OracleService, requested: readonly number[]) {
  return requested.every((count, t) => {
    const before = t === 0 ? initial : requested[t - 1]!
    return (
      count >= least &&
      count <= most &&
      (!ramp || (count <= ramp.up(before) && count >= ramp.down(before)))
    )
  })
}

/** Every sequence of counts there is. */
function bestByTrial(service: OracleService, price: number): number {
  const { ticks, least, most } = service
  const counts = most - least + 1
  let best = Number.POSITIVE_INFINITY
  for (let code = 0; code < counts ** ticks; code++) {
    let rest = code
    const requested = Array.from({ length: ticks }, () => {
      const count = least + (rest % counts)
      rest = Math.floor(rest / counts)
      return count
    })
    if (!feasible(service, requested)) continue
    const { cost, violations } = byPlant(service, requested)
    best = Math.min(best, cost + price * violations)
  }
  return best
}

const RAMPS: readonly (Ramp | undefined)[] = [
  undefined,
  { up: (n) => n + 1, down: (n) => n - 1 },
  { up: (n) => Math.max(n + 1, 2 * n), down: (n) => Math.floor(n / 2) },
]

const service = fc
  .record({
    load: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 6 }),
    least: fc.integer({ min: 0, max: 1 }),
    width: fc.integer({ min: 1, max: 3 }),
    startTicks: fc.constantFrom(0, 0.5, 1, 1.25, 2, 3),
    stopCost: fc.constantFrom(0, 0.1),
    ramp: fc.constantFrom(...RAMPS),
    initial: fc.integer({ min: 0, max: 3 }),
  })
  .map(({ load, width, initial, ...rest }): OracleService => {
    const most = rest.least + width
    return {
      ...rest,
      most,
      initial: Math.min(Math.max(initial, rest.least), most),
      ticks: load.length,
      replicaCost: 1,
      violations: (tick, ready) => Math.max(0, load[tick]! - 10 * ready),
    }
  })

const price = fc.constantFrom(0, 0.03, 0.1, 0.25, 1, 10)

describe('the best schedule', () => {
  it('is what trying every sequence of counts finds, start-up lag, ramp and all', () => {
    fc.assert(
      fc.property(service, price, (given, each) => {
        const found = bestSchedule(given, each)
        const value = found.cost + each * found.violations
        expect(value).toBeCloseTo(bestByTrial(given, each), 9)
        expect(feasible(given, [...found.requested])).toBe(true)
      }),
      { seed: 11, numRuns: 300 },
    )
  })

  it('costs and violates what a plant says of the counts that it asks for', () => {
    fc.assert(
      fc.property(service, price, (given, each) => {
        const found = bestSchedule(given, each)
        const lived = byPlant(given, [...found.requested])
        expect(lived.cost).toBeCloseTo(found.cost, 9)
        expect(lived.violations).toBeCloseTo(found.violations, 9)
      }),
      { seed: 12, numRuns: 300 },
    )
  })

  it('starts replicas a lag ahead, and keeps them where stopping would not pay', () => {
    // two replicas' load in ticks 3 and 5; a start-up of two ticks costs as much as the one tick between, and more
    const load = [5, 5, 5, 15, 5, 15, 5]
    const given: OracleService = {
      ...{ ticks: 7, least: 1, most: 3, initial: 1, startTicks: 2, replicaCost: 1, stopCost: 0 },
      violations: (tick, ready) => Math.max(0, load[tick]! - 10 * ready),
    }
    const { requested, ready, violations } = bestSchedule(given, 10)
    expect([...requested]).toEqual([1, 2, 2, 2, 2, 2, 1])
    expect([...ready]).toEqual([1, 1, 2, 2, 2, 2, 1])
    expect(violations).toBe(0)
  })

  it('has violations that never rise and costs that never fall with the price', () => {
    const prices = [0, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 5]
    fc.assert(
      fc.property(service, (given) => {
        const swept = prices.map((each) => bestSchedule(given, each))
        for (let i = 1; i < swept.length; i++) {
          expect(swept[i]!.violations).toBeLessThanOrEqual(swept[i - 1]!.violations + 1e-9)
          expect(swept[i]!.cost).toBeGreaterThanOrEqual(swept[i - 1]!.cost - 1e-9)
        }
      }),
      { seed: 13 },
    )
  })

  it('is no dearer than any sequence of counts at that one’s own violations, whatever the price', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 6, maxLength: 6 })
    fc.assert(
      fc.property(service, counts, price, (given, wanted, each) => {
        const { least, most, ticks } = given
        const requested = wanted.slice(0, ticks).map((n) => Math.min(Math.max(n, least), most))
        fc.pre(feasible(given, requested))
        const other = byPlant(given, requested)
        const best = bestSchedule(given, each)
        expect(best.cost + each * best.violations).toBeLessThanOrEqual(
          other.cost + each * other.violations + 1e-9,
        )
      }),
      { seed: 14, numRuns: 500 },
    )
  })

  it('refuses bounds that leave nothing', () => {
    const given: OracleService = {
      ...{ ticks: 1, least: 2, most: 1, initial: 1, startTicks: 1, replicaCost: 1, stopCost: 0 },
      violations: () => 0,
    }
    expect(() => bestSchedule(given, 1)).toThrow('most is 1, allowed from 2')
    expect(() => scheduleOf({ ...given, ticks: 0 }, new Int32Array(0))).not.toThrow()
  })
})
