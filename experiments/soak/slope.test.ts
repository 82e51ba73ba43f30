/** Growth told from noise. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slopeOf } from './slope.ts'

describe('a slope', () => {
  it('of a line is the line’s, whatever a few points say', () => {
    const line = Array.from({ length: 21 }, (_, x) => [x, 5 + 2 * x] as const)
    expect(slopeOf(line)).toEqual({ slope: 2, low: 2, high: 2 })
    const spoiled = line.map(([x, y]) => [x, x % 7 === 3 ? y + 1000 : y] as const)
    expect(slopeOf(spoiled).slope).toBe(2)
  })

  // scipy 1.17.1: scipy.stats.theilslopes of these values
  it('and its interval are those of scipy.stats.theilslopes', () => {
    const values = [2.1, 7.3, 1.2, 8.4, 3.3, 10.2, 6.1, 9.9, 12.5]
    const { slope, low, high } = slopeOf(values.map((y, x) => [x, y] as const))
    expect(slope).toBeCloseTo(0.975, 12)
    expect(low).toBeCloseTo(0.3, 12)
    expect(high).toBeCloseTo(2.2, 12)
  })

  it('lies in its interval, turns with its points, and does not care where they start', () => {
    const ys = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 40 })
    fc.assert(
      fc.property(ys, fc.integer({ min: -500, max: 500 }), (values, offset) => {
        const found = slopeOf(values.map((y, x) => [x, y] as const))
        expect(found.low).toBeLessThanOrEqual(found.slope)
        expect(found.slope).toBeLessThanOrEqual(found.high)
        const moved = slopeOf(values.map((y, x) => [x, offset - y] as const))
        expect(moved.slope).toBeCloseTo(-found.slope, 9)
      }),
    )
  })

  it('needs three points', () => {
    expect(() => slopeOf([])).toThrow(/at least 3 points, got 0/)
  })
})
