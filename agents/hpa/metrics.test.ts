/**
 * One-number metrics: vectors V9–V12 and the dead-band table of our contract with Kubernetes, and the cases of
 * upstream replica_calculator_test.go named in brackets (inputs and expected counts).
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { averageValueReplicas, isWithinTolerance, milliOf, valueReplicas } from './metrics.ts'

const tolerance = { toleranceUp: 0.1, toleranceDown: 0.1 }

describe('AverageValue target', () => {
  it.each([
    ['V9: 100 + 50 at 30 each', 150, 30, 4, 5],
    ['V10: 125 at 30 each is inside the tolerance', 125, 30, 4, 4],
    ['[ScaleUpPerPodCMExternal]', 8600, 2150, 3, 4],
    ['[ScaleDownPerPodCMExternal]', 8600, 2867, 5, 3],
    ['[TolerancePerPodCMExternal]', 8600, 2900, 3, 3],
    ['[ScaleUpCMPerPodObject]', 20000, 5000, 3, 4],
    ['[ScaleDownPerPodCMObject]', 6000, 2000, 5, 3],
    ['[TolerancePerPodCMObject]', 20166, 5000, 4, 4],
    ['from zero replicas the count follows the total', 150, 30, 0, 5],
    ['zero of nothing stays zero', 0, 30, 0, 0],
    ['never more than int32', 1e15, 1, 1, 2 ** 31 - 1],
  ])('%s', (_name, total, targetAverage, currentReplicas, expected) => {
    expect(averageValueReplicas({ total, targetAverage, currentReplicas, ...tolerance })).toBe(
      expected,
    )
  })

  // A metric "desired replicas" with target 1: what an HPA swallows, and the smallest step that it carries out
  it.each([
    [5, 1, 1],
    [9, 1, 1],
    [10, 2, 2],
    [20, 3, 3],
    [50, 6, 6],
    [100, 11, 11],
  ])('dead band at %i replicas: first steps are +%i and −%i', (currentReplicas, up, down) => {
    const executed = (total: number) =>
      averageValueReplicas({ total, targetAverage: 1, currentReplicas, ...tolerance })
    expect(executed(currentReplicas + up)).toBe(currentReplicas + up)
    expect(executed(currentReplicas + up - 1)).toBe(currentReplicas)
    expect(executed(currentReplicas - down)).toBe(currentReplicas - down)
    expect(executed(currentReplicas - down + 1)).toBe(currentReplicas)
  })
})

describe('Value target', () => {
  it.each([
    ['V11: 240 of 100 on 3 ready pods', 240, 100, 4, 3, 8],
    ['V12: from zero ceil(ratio)', 240, 100, 0, 0, 3],
    ['[ScaleUpCMObject]', 20000, 15000, 3, 3, 4],
    ['[ScaleUpCMObjectIgnoresUnreadyPods]', 50000, 10000, 3, 1, 5],
    ['[ScaleUpCMExternalIgnoresUnreadyPods]', 8600, 4400, 3, 1, 2],
    ['[ScaleDownCMObject]', 12000, 20000, 5, 5, 3],
    ['[ScaleDownCMExternal]', 8600, 14334, 5, 5, 3],
    ['[ToleranceCMObject]', 20666, 20000, 3, 3, 3],
    ['[ToleranceCMExternal]', 8600, 8888, 3, 3, 3],
    ['[TestScaleDownToZeroCMExternal] of horizontal_test.go', 0, 14400, 5, 5, 0],
  ])('%s', (_name, total, target, currentReplicas, readyReplicas, expected) => {
    const input = { total, target, currentReplicas, readyReplicas, ...tolerance }
    expect(valueReplicas(input)).toBe(expected)
  })
})

describe('tolerance', () => {
  it('is inclusive at both ends', () => {
    expect(isWithinTolerance(1.1, tolerance)).toBe(true)
    expect(isWithinTolerance(0.9, tolerance)).toBe(true)
    expect(isWithinTolerance(1.1000000000000003, tolerance)).toBe(false)
    expect(isWithinTolerance(0.8999999999999999, tolerance)).toBe(false)
  })

  it('may differ between the two directions', () => {
    const upOnly = { toleranceUp: 0, toleranceDown: 0.5 }
    expect(
      averageValueReplicas({ total: 11, targetAverage: 1, currentReplicas: 10, ...upOnly }),
    ).toBe(11)
    expect(
      averageValueReplicas({ total: 5, targetAverage: 1, currentReplicas: 10, ...upOnly }),
    ).toBe(10)
    expect(
      averageValueReplicas({ total: 4, targetAverage: 1, currentReplicas: 10, ...upOnly }),
    ).toBe(4)
  })

  it('is not met by an unknown or infinite ratio', () => {
    expect(isWithinTolerance(Number.NaN, tolerance)).toBe(false)
    expect(isWithinTolerance(Number.POSITIVE_INFINITY, tolerance)).toBe(false)
  })

  it('leaves enough replicas or none too many outside of it (property)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 1000 }),
        (total, targetAverage, currentReplicas) => {
          const replicas = averageValueReplicas({
            total,
            targetAverage,
            currentReplicas,
            ...tolerance,
          })
          const ratio = total / (targetAverage * currentReplicas)
          if (isWithinTolerance(ratio, tolerance)) expect(replicas).toBe(currentReplicas)
          else {
            expect(replicas * targetAverage).toBeGreaterThanOrEqual(total)
            expect((replicas - 1) * targetAverage).toBeLessThan(total)
            // rounded up: a small decrease may come to nothing, an increase never does
            if (ratio > 1) expect(replicas).toBeGreaterThan(currentReplicas)
            else expect(replicas).toBeLessThanOrEqual(currentReplicas)
          }
        },
      ),
      { numRuns: 1000 },
    )
  })
})

it('milli-units are rounded up, as Quantity.MilliValue does', () => {
  expect(milliOf(0.4121)).toBe(413)
  expect(milliOf(2)).toBe(2000)
})
