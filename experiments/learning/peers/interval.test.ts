import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, estimate, studentQuantile } from './interval.ts'

describe('an interval', () => {
  it.each([
    // tables of Student's distribution, two-sided 95 %
    [1, 12.7062],
    [4, 2.7764],
    [9, 2.2622],
    [30, 2.0423],
  ])('with %i degrees of freedom reaches %f standard errors', (freedom, quantile) => {
    expect(studentQuantile(freedom)).toBeCloseTo(quantile, 4)
  })

  it('of a mean is Student’s', () => {
    const { mean, half } = estimate([5.1, 4.9, 6.2, 5.8, 5.5])
    expect(mean).toBeCloseTo(5.5, 10)
    expect(half).toBeCloseTo(Math.sqrt(0.275 / 5) * 2.776445, 4)
    expect(estimate([1]).half).toBeNaN()
  })

  it('of a difference is Student’s where both spread alike, and nothing where neither does', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2 }),
        fc.nat(100),
        (a, shift) => {
          const b = a.map((value) => value - shift)
          const { mean, half } = difference(a, b)
          expect(mean).toBeCloseTo(shift, 8)
          const spread = estimate(a).half / studentQuantile(a.length - 1)
          const expected =
            spread === 0 ? 0 : studentQuantile(2 * (a.length - 1)) * spread * Math.SQRT2
          expect(half).toBeCloseTo(expected, 6)
        },
      ),
    )
  })

  it('of a difference has Welch’s degrees of freedom', () => {
    // one group does not spread: only the other's degrees of freedom count
    const { half } = difference([1, 2, 3], [7, 7, 7])
    expect(half).toBeCloseTo(studentQuantile(2) * Math.sqrt(1 / 3), 8)
  })
})
