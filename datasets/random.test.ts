import { describe, expect, it } from 'vitest'
import { hashUnit, seededRandom } from './random.ts'

const take = (random: () => number, n: number) => Array.from({ length: n }, random)
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length

describe('seeded chance', () => {
  it('repeats itself for the same name', () => {
    expect(take(seededRandom('a', 1), 5)).toEqual(take(seededRandom('a', 1), 5))
  })

  it('keeps the parts of a name apart', () => {
    expect(seededRandom('a', 11)()).not.toBe(seededRandom('a1', 1)())
  })

  it('is uniform, and uncorrelated between neighbouring names', () => {
    const n = 20_000
    const [a, b] = [take(seededRandom('x', 1), n), take(seededRandom('x', 2), n)]
    expect(mean(a)).toBeCloseTo(0.5, 2)
    // standard deviation of the mean product is (1/12)/√n = 0.0006
    expect(Math.abs(mean(a.map((v, i) => (v - 0.5) * (b[i]! - 0.5))))).toBeLessThan(0.0025)
  })

  it('draws single numbers that fill [0, 1)', () => {
    const values = Array.from({ length: 5000 }, (_, i) => hashUnit('knot', 7, i))
    expect(mean(values)).toBeCloseTo(0.5, 1)
    expect(Math.min(...values)).toBeLessThan(0.01)
    expect(Math.max(...values)).toBeGreaterThan(0.99)
  })
})
