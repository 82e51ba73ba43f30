import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS } from '../forecaster/forecast.ts'
import {
  expectedLoad,
  expectedLoss,
  LEVEL_MASS,
  lossOfLoad,
  replicasWithin,
  violationCurve,
  violationShare,
} from './loss.ts'

const demand = fc
  .array(fc.double({ min: 0, max: 1e5, noNaN: true }), {
    minLength: LEVELS.length,
    maxLength: LEVELS.length,
  })
  .map((values) => Float64Array.from(values).sort())
const capacities = fc.record({
  capacity: fc.double({ min: 0.1, max: 1000, noNaN: true }),
  knee: fc.double({ min: 1.001, max: 3, noNaN: true }),
})

describe('the violation curve', () => {
  it('goes through (capacity, 1 − objective) and (saturation, 1/2)', () => {
    const curve = violationCurve(20, 26, 0.99)
    expect(violationShare(curve, 20)).toBeCloseTo(0.01, 12)
    expect(violationShare(curve, 26)).toBeCloseTo(0.5, 12)
  })
})

describe('expected loss', () => {
  it('weighs the levels to one', () => {
    expect(LEVEL_MASS.reduce((sum, m) => sum + m, 0)).toBeCloseTo(1, 12)
  })

  it('of a certain load is the loss of that load', () => {
    const curve = violationCurve(20, 26, 0.99)
    const certain = new Float64Array(LEVELS.length).fill(100)
    for (const replicas of [1, 3, 4, 5, 6]) {
      expect(expectedLoss(curve, certain, replicas)).toBeCloseTo(
        lossOfLoad(curve, 100, replicas),
        6,
      )
    }
  })

  it('never rises with replicas, is the whole load with none, and is never negative', () => {
    fc.assert(
      fc.property(
        demand,
        capacities,
        fc.integer({ min: 1, max: 500 }),
        (load, { capacity, knee }, replicas) => {
          const curve = violationCurve(capacity, capacity * knee, 0.99)
          const here = expectedLoss(curve, load, replicas)
          expect(here).toBeGreaterThanOrEqual(0)
          expect(expectedLoss(curve, load, replicas + 1)).toBeLessThanOrEqual(
            here + 1e-9 * (1 + here),
          )
          expect(expectedLoss(curve, load, 0)).toBeCloseTo(expectedLoad(load), 6)
        },
      ),
      { numRuns: 1000, seed: 2 },
    )
  })
})

describe('replicasWithin', () => {
  it('is the least count within the error budget, or the most there is', () => {
    fc.assert(
      fc.property(
        demand,
        capacities,
        fc.integer({ min: 1, max: 400 }),
        (load, { capacity, knee }, most) => {
          const curve = violationCurve(capacity, capacity * knee, 0.99)
          const found = replicasWithin(curve, load, 0.99, most)
          const allowance = 0.01 * expectedLoad(load)
          let least = 1
          while (least < most && expectedLoss(curve, load, least) > allowance) least++
          expect(found).toBe(least)
        },
      ),
      { numRuns: 1000, seed: 3 },
    )
  })
})
