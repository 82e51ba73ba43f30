import { describe, expect, it } from 'vitest'
import { bootstrapInterval } from './bootstrap.ts'

/** Park–Miller, enough for a test. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

const mean = (rows: readonly number[]) => rows.reduce((sum, r) => sum + r, 0) / rows.length

describe('bootstrapInterval', () => {
  it('covers the mean of a sample about as often as it says', () => {
    const random = chance(7)
    let covered = 0
    for (let trial = 0; trial < 300; trial++) {
      const sample = Array.from({ length: 40 }, () => random() + random())
      const { low, high } = bootstrapInterval(sample, mean, random, { draws: 300 })
      if (low <= 1 && 1 <= high) covered++
    }
    expect(covered / 300).toBeGreaterThan(0.88)
    expect(covered / 300).toBeLessThan(0.99)
  })

  it('is a point where nothing varies, and the same for the same seed', () => {
    expect(bootstrapInterval([3, 3, 3], mean, chance(1))).toEqual({ low: 3, high: 3 })
    const sample = [1, 5, 2, 8]
    expect(bootstrapInterval(sample, mean, chance(2))).toEqual(
      bootstrapInterval(sample, mean, chance(2)),
    )
  })
})
