import { describe, expect, it } from 'vitest'
import { LEVELS } from '../forecast.ts'
import { meanPinball, pinball } from './pinball.ts'

describe('pinball loss', () => {
  it('weighs what comes above a quantile by its level, below by the rest (FPP3 §5.9, halved)', () => {
    // level 0.1, quantile 10: 4 above costs 0.1 · 4, 4 below costs 0.9 · 4
    expect(pinball(0.1, 10, 14)).toBeCloseTo(0.4, 12)
    expect(pinball(0.1, 10, 6)).toBeCloseTo(3.6, 12)
    expect(pinball(0.5, 10, 14)).toBe(2)
    expect(pinball(0.9, 10, 10)).toBe(0)
  })

  it('is least, on average, at the true quantile', () => {
    const sample = Array.from({ length: 1000 }, (_, i) => i + 0.5)
    const loss = (quantile: number): number =>
      sample.reduce((sum, actual) => sum + pinball(0.9, quantile, actual), 0)
    expect(loss(900)).toBeLessThan(loss(890))
    expect(loss(900)).toBeLessThan(loss(910))
  })

  it('averages over all levels', () => {
    const quantiles = LEVELS.map(() => 10)
    // Σ level = 7.5 by symmetry: 15 levels around 0.5
    expect(meanPinball(quantiles, 12)).toBeCloseTo(2 * 0.5, 12)
  })
})
