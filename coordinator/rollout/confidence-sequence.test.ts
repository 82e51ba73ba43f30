/** Always-valid intervals: what the formula says, and that looking all the time misses no more often than was said. */
import { describe, expect, it } from 'vitest'
import { normalQuantile } from '../../forecaster/normal-quantile.ts'
import { seededRandom } from '../../forecaster/random.ts'
import { intervalOf, noTally, type Tally, tallied } from './confidence-sequence.ts'

const tallyOf = (values: readonly number[]): Tally => values.reduce(tallied, noTally)

describe('a tally', () => {
  it('has mean and spread of its values', () => {
    const { count, mean, squares } = tallyOf([2, 4, 4, 4, 5, 5, 7, 9])
    expect({ count, mean, squares }).toEqual({ count: 8, mean: 5, squares: 32 })
  })
})

describe('an interval', () => {
  it('is as wide as the formula of the paper says', () => {
    // t = 100, s = 1, α = 0.05, tightest at 100: −2 ln α = 5.99146, ρ = √((5.99146 + ln 6.99146) / 100) = 0.281712,
    // tρ² = 7.93616, half = √(2 · 8.93616 / (100 · 7.93616) · ln(√8.93616 / 0.05)) = 0.303521
    const tally = { count: 100, mean: 3, squares: 99 }
    const { estimate, low, high } = intervalOf(tally, { alpha: 0.05, tightestAt: 100 })
    expect(estimate).toBe(3)
    expect(high - 3).toBeCloseTo(0.303521, 5)
    expect(3 - low).toBeCloseTo(0.303521, 5)
  })

  it('says nothing before the second value', () => {
    const options = { alpha: 0.05, tightestAt: 10 }
    expect(intervalOf(noTally, options).high).toBe(Number.POSITIVE_INFINITY)
    expect(intervalOf(tallyOf([1]), options).low).toBe(Number.NEGATIVE_INFINITY)
  })

  it('narrows with more units and is narrowest, for its count, near where it was asked to be', () => {
    const at = (count: number, tightestAt: number) =>
      intervalOf({ count, mean: 0, squares: count - 1 }, { alpha: 0.05, tightestAt }).high
    expect(at(400, 100)).toBeLessThan(at(100, 100))
    for (const tightestAt of [10, 1000]) expect(at(100, 100)).toBeLessThan(at(100, tightestAt))
  })

  it('is missed by the truth in no more runs than alpha, however often one looks', () => {
    const runs = Array.from({ length: 400 }, (_, i) => watched(i + 1))
    const share = (key: keyof ReturnType<typeof watched>) =>
      runs.filter((run) => run[key]).length / runs.length
    // three standard errors above alpha
    const most = ALPHA + 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / runs.length)
    expect(share('missed')).toBeLessThanOrEqual(most)
    // the same look at a fixed-time interval misses several times as often
    expect(share('missedByTextbook')).toBeGreaterThan(3 * ALPHA)
  })
})

const ALPHA = 0.1

/** Whether the truth was ever outside, looked at after each of 1,500 values from the 20th on. */
function watched(seed: number) {
  const random = seededRandom(seed)
  const z = -normalQuantile(ALPHA / 2)
  let tally = noTally
  let missed = false
  let missedByTextbook = false
  for (let t = 1; t <= 1500; t++) {
    // skewed, bounded, mean 1: uniform cubed times four
    tally = tallied(tally, 4 * random() ** 3)
    if (t < 20) continue
    const { low, high } = intervalOf(tally, { alpha: ALPHA, tightestAt: 200 })
    missed ||= low > 1 || high < 1
    missedByTextbook ||= Math.abs(tally.mean - 1) > z * Math.sqrt(tally.squares / (t - 1) / t)
  }
  return { missed, missedByTextbook }
}
