/** The formulas that simulations are held against, themselves held against published figures and one another. */
import { describe, expect, it } from 'vitest'
import { waitingMDc, waitingMG1, waitingMMc } from './waiting.ts'

describe('waiting times of theory', () => {
  it('of one server are the same by every formula that knows it', () => {
    for (const utilization of [0.3, 0.7, 0.9]) {
      expect(waitingMG1(utilization, 1)).toBeCloseTo(waitingMMc(1, utilization), 10)
      expect(waitingMDc(1, utilization)).toBeCloseTo(waitingMG1(utilization, 0), 7)
    }
  })

  it('of M/M/2 are ρ² ÷ (1 − ρ²)', () => {
    for (const utilization of [0.2, 0.5, 0.95])
      expect(waitingMMc(2, utilization)).toBeCloseTo(utilization ** 2 / (1 - utilization ** 2), 10)
  })

  it('of M/D/c are within 2 % of the approximation of Cosmetatos (1975) where that is good', () => {
    for (const [servers, utilization] of [
      [2, 0.8],
      [4, 0.8],
      [8, 0.9],
      [20, 0.95],
    ] as const) {
      const spread = (servers - 1) * (Math.sqrt(4 + 5 * servers) - 2)
      const share = 1 + ((1 - utilization) * spread) / (16 * utilization * servers)
      const approximation = (share * waitingMMc(servers, utilization)) / 2
      expect(Math.abs(waitingMDc(servers, utilization) / approximation - 1)).toBeLessThan(0.02)
    }
  })
})
