/** Drawing arms by hash: the same place draws the same arm, and all places together draw with the chances asked for. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chanceAt, drawArm, roundingChances } from './assignment.ts'

const place = (service: string, block: number, seed = 'rollout-1') => ({ seed, service, block })

describe('an arm', () => {
  it('is drawn again the same, and by its chances over blocks and over services', () => {
    const share = 0.2
    const drawn = Array.from({ length: 5000 }, (_, i) =>
      drawArm(place(`service-${i % 50}`, Math.floor(i / 50)), [1 - share, share]),
    )
    const again = Array.from({ length: 5000 }, (_, i) =>
      drawArm(place(`service-${i % 50}`, Math.floor(i / 50)), [1 - share, share]),
    )
    expect(drawn).toEqual(again)
    const candidates = drawn.filter((arm) => arm === 1).length
    // three standard deviations of a binomial
    expect(Math.abs(candidates - 1000)).toBeLessThan(3 * Math.sqrt(5000 * share * (1 - share)))
  })

  it('depends on every part of its place', () => {
    const chances = [
      chanceAt(place('a', 1)),
      chanceAt(place('b', 1)),
      chanceAt(place('a', 2)),
      chanceAt(place('a', 1, 'rollout-2')),
    ]
    expect(new Set(chances).size).toBe(4)
  })

  it('without a chance is never drawn', () => {
    for (let block = 0; block < 300; block++) {
      expect(drawArm(place('a', block), [0, 1, 0])).toBe(1)
      expect(drawArm(place('a', block), [1, 0])).toBe(0)
    }
  })
})

describe('rounding chances', () => {
  const points = [-0.2, -0.1, 0, 0.1, 0.2]

  it('sum to one and have the value as their mean, or the nearest end', () => {
    fc.assert(
      fc.property(fc.double({ min: -1, max: 1, noNaN: true }), (value) => {
        const chances = roundingChances(points, value)
        expect(chances.reduce((sum, c) => sum + c, 0)).toBeCloseTo(1, 12)
        const mean = chances.reduce((sum, c, i) => sum + c * points[i]!, 0)
        expect(mean).toBeCloseTo(Math.min(Math.max(value, -0.2), 0.2), 12)
        expect(chances.every((c) => c >= 0)).toBe(true)
        expect(chances.filter((c) => c > 0).length).toBeLessThanOrEqual(2)
      }),
    )
  })

  it('are certain at a point', () => {
    points.forEach((point, i) => {
      expect(roundingChances(points, point)[i]).toBe(1)
    })
  })
})
