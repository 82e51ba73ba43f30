import { describe, expect, it } from 'vitest'
import { LEVELS } from '../forecast.ts'
import { seededRandom } from '../random.ts'
import { meanLoad, Tally } from './tally.ts'

describe('coverage of a tally', () => {
  const scoreOf = (draw: (random: () => number) => number, quantiles: readonly number[]) => {
    const tally = new Tally(1)
    const random = seededRandom(7)
    for (let i = 0; i < 40_000; i++) tally.add(0, quantiles, draw(random))
    return tally.score(1, { load: 1, naive: 1 })!
  }

  it('of the true quantiles of a continuous load is each level, and 90 % between 0.05 and 0.95', () => {
    const score = scoreOf((random) => random(), LEVELS)
    LEVELS.forEach((level, i) => {
      expect(score.coverage[i]).toBeCloseTo(level, 2)
    })
    expect(score.coverage90).toBeCloseTo(0.9, 2)
    expect(score.closed90).toBeCloseTo(0.9, 2)
  })

  it('of the true quantiles of a load that is often zero is the same, where the closed interval holds more', () => {
    const zeroShare = 0.75
    const quantiles = LEVELS.map((level) => Math.max(0, level - zeroShare))
    const score = scoreOf((random) => Math.max(0, random() - zeroShare), quantiles)
    LEVELS.forEach((level, i) => {
      expect(score.coverage[i]).toBeCloseTo(level, 2)
    })
    expect(score.coverage90).toBeCloseTo(0.9, 2)
    expect(score.closed90).toBeCloseTo(0.95, 2)
  })

  it('of intervals that are half as wide as they should be is half', () => {
    const score = scoreOf(
      (random) => random(),
      LEVELS.map((level) => 0.5 + (level - 0.5) / 2),
    )
    expect(score.coverage90).toBeCloseTo(0.45, 2)
  })
})

describe('a tally', () => {
  const flat = (value: number) => LEVELS.map(() => value)

  it('tells a longer horizon from the same sums, early steps included', () => {
    const tally = new Tally(2)
    tally.add(0, flat(10), 10)
    tally.add(1, flat(10), 14)
    const yardstick = { load: 2, naive: 4 }
    expect(tally.score(1, yardstick)).toMatchObject({ spl: 0, mase: 0, steps: 1 })
    // an error of 4 loses 2 on average over symmetric levels; half of the two steps had none
    const both = tally.score(2, yardstick)!
    expect([both.steps, both.mase]).toEqual([2, 4 / 2 / 4])
    expect(both.spl).toBeCloseTo(2 / 2 / 2, 12)
  })

  it('takes a step of weight 3 for three like it, and a value not seen for none', () => {
    const yardstick = { load: 1, naive: 1 }
    const once = new Tally(2)
    once.add(0, flat(1), 2)
    once.add(1, flat(1), 5, 3)
    once.add(1, flat(1), Number.NaN)
    const often = new Tally(2)
    often.add(0, flat(1), 2)
    for (let i = 0; i < 3; i++) often.add(1, flat(1), 5)
    expect(once.score(2, yardstick)).toEqual(often.score(2, yardstick))
  })

  it('has no score without a load to scale by, and no MASE without an error to compare with', () => {
    const tally = new Tally(1)
    expect(tally.score(1, { load: 1, naive: 1 })).toBeUndefined()
    tally.add(0, flat(1), 1)
    expect(tally.score(1, { load: null, naive: 1 })).toBeUndefined()
    expect(tally.score(1, { load: 1, naive: null })!.mase).toBeNull()
    tally.add(0, flat(1), 2)
    const hardlyAny = Number.MIN_VALUE
    expect(tally.score(1, { load: hardlyAny, naive: 1 })).toBeUndefined()
    expect(tally.score(1, { load: 1, naive: hardlyAny })!.mase).toBeNull()
  })

  it('scales by the mean of what was seen', () => {
    expect(meanLoad([1, Number.NaN, 3])).toBe(2)
    expect(meanLoad([0, 0])).toBeNull()
    expect(meanLoad([Number.NaN])).toBeNull()
  })
})
