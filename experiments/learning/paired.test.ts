import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import { pairedEstimate } from './paired.ts'

const table = fc.integer({ min: 1, max: 6 }).chain((cases) =>
  fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { minLength: cases, maxLength: cases }), {
    minLength: 1,
    maxLength: 5,
  }),
)
const estimate = (rows: number[][]) => pairedEstimate(rows, seededRandom('paired'), { draws: 200 })

describe('an interval over trainings and cases', () => {
  it('has the mean of the table, between its own ends’ and the table’s extremes', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const { mean, low, high } = estimate(rows)
        const all = rows.flat()
        expect(mean).toBeCloseTo(all.reduce((sum, value) => sum + value, 0) / all.length, 9)
        expect(low).toBeGreaterThanOrEqual(Math.min(...all) - 1e-9)
        expect(high).toBeLessThanOrEqual(Math.max(...all) + 1e-9)
        expect(low).toBeLessThanOrEqual(high)
      }),
    )
  })

  it('is no narrower for cases that only repeat what the trainings differ by', () => {
    const few = estimate([[1], [5]])
    const many = estimate([new Array<number>(50).fill(1), new Array<number>(50).fill(5)])
    expect(many).toEqual({ ...few })
    expect(many.high - many.low).toBe(4)
  })

  it('covers the truth about as often as it says', () => {
    const random = seededRandom('coverage')
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const drawn = Array.from({ length: 150 }, () => {
      const byCase = Array.from({ length: 12 }, normal)
      return Array.from({ length: 10 }, () => {
        const bySeed = normal()
        return byCase.map((c) => c + bySeed + normal())
      })
    })
    const covered = drawn.filter((rows) => {
      const { low, high } = estimate(rows)
      return low <= 0 && 0 <= high
    })
    // 95 % less what few trainings cost a percentile interval, and chance
    expect(covered.length / drawn.length).toBeGreaterThan(0.85)
  })

  it('refuses an empty table', () => {
    expect(() => estimate([])).toThrow('no case')
    expect(() => estimate([[]])).toThrow('no case')
  })
})
