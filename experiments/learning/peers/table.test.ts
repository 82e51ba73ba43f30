import { describe, expect, it } from 'vitest'
import { bestFrozenLake } from './best.ts'
import { tableOf } from './table.ts'

describe('the table', () => {
  const row = { name: 'dqn', steps: 50_000, best: 500, ours: [4, 6], theirs: [5, 5] }

  it('has means, intervals and the median ratio of speeds by turn', () => {
    const [, , line] = tableOf([
      { ...row, ourSpeeds: [1000, 3000, 2000], theirSpeeds: [500, 500, 100] },
    ])
    // half of the interval of 4 and 6: 12.706 standard errors of 1
    expect(line).toBe(
      '| dqn | 50,000 | 2 | 5.00 ± 12.71 | 5.00 ± 0.00 | 0.00 ± 12.71 | 500.00 | 2,000 | 500 | 6.0 [2.0, 20.0] |',
    )
  })

  it('says how many seeds each side has, and no spread of one alone', () => {
    const [, , line] = tableOf([{ ...row, ours: [4], theirs: [], ourSpeeds: [], theirSpeeds: [] }])
    expect(line).toBe('| dqn | 50,000 | 1 and 0 | 4.00 |  |  | 500.00 |  |  |  |')
  })

  it('leaves out speeds that were not measured, and a best that is not known', () => {
    const [, , line] = tableOf([{ ...row, best: undefined, ourSpeeds: [], theirSpeeds: [] }])
    expect(line).toContain('| 0.00 ± 12.71 |  |  |  |  |')
  })
})

describe('the best on FrozenLake', () => {
  it('is 14/17 without a limit of time', () => {
    expect(bestFrozenLake(2_000)).toBeCloseTo(14 / 17, 6)
  })

  it('is less within 100 steps, and nothing in fewer than the six of the way', () => {
    expect(bestFrozenLake()).toBeCloseTo(0.744, 3)
    expect(bestFrozenLake(5)).toBe(0)
    expect(bestFrozenLake(6)).toBeGreaterThan(0)
  })
})
