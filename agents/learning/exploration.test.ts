import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createChance } from './chance.ts'
import { actionCountOf, bestAction, Exploration, explorationAt, explored } from './exploration.ts'

describe('exploration', () => {
  const exploration = Exploration.parse({ first: 0.8, last: 0.2, fraction: 0.5 })

  it('falls in a straight line and stays at its last value', () => {
    const at = [0, 250, 500, 800, 2_000].map((steps) => explorationAt(exploration, steps, 1_000))
    for (const [i, expected] of [0.8, 0.5, 0.2, 0.2, 0.2].entries())
      expect(at[i]).toBeCloseTo(expected, 12)
  })

  it('draws every action with that probability, and else the best', () => {
    const rows = 30_000
    const values = new Float32Array(3 * rows)
    for (let row = 0; row < rows; row++) values[3 * row + 1] = 1
    const counts = [0, 0, 0]
    for (const action of explored(values, rows, 3, 0.3, createChance(7))) counts[action]!++
    // 6 standard deviations of a binomial count of probability 0.1
    for (const action of [0, 2]) expect(Math.abs(counts[action]! - 3_000)).toBeLessThan(6 * 52)
    expect(counts[1]).toBe(rows - counts[0]! - counts[2]!)
  })

  it('draws evenly among equals, so that what nobody knows yet is tried', () => {
    const counts = [0, 0, 0]
    const values = new Float32Array(90_000)
    for (const action of explored(values, 30_000, 3, 0, createChance(7))) counts[action]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(6 * 82)
  })

  it('without exploration takes one of the best', () => {
    const table = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(table, fc.nat(), (row, seed) => {
        const values = Float32Array.from(row)
        const [action] = explored(values, 1, row.length, 0, createChance(seed))
        expect(row[action!]).toBe(Math.max(...row))
        expect(bestAction(values, 0, row.length)).toBe(row.indexOf(Math.max(...row)))
      }),
    )
  })

  it('needs a list of actions', () => {
    const box = { kind: 'continuous', size: 1, low: [0], high: [1] } as const
    expect(() => actionCountOf(box, 'dqn')).toThrow(
      'actions are continuous, must be discrete for dqn',
    )
  })
})
