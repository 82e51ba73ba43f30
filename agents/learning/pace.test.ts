import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meanOf, timesDue } from './pace.ts'

describe('what is due every so many steps', () => {
  it('comes as often in total whatever number of steps is taken at once', () => {
    const jumps = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(jumps, fc.integer({ min: 1, max: 60 }), (steps, every) => {
        let before = 0
        let due = 0
        for (const jump of steps) {
          due += timesDue(before, before + jump, every)
          before += jump
        }
        expect(due).toBe(Math.floor(before / every))
      }),
    )
  })
})

describe('the mean of several updates', () => {
  it('is that of each figure', () => {
    const losses = [4, 1, 1]
    expect(meanOf(3, () => ({ loss: losses.shift()!, rate: 0.5 }))).toEqual({ loss: 2, rate: 0.5 })
  })
})
