import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitOf } from './split.ts'

const MINUTE_MS = 60_000
const seriesOf = (length: number, stepMs: number) => ({
  stepMs,
  values: new Float64Array(length).fill(1),
})

describe('a split', () => {
  it('tests on the last 30 %, and looks 5, 15, 60 steps and a day ahead', () => {
    const split = splitOf(seriesOf(14 * 288, 5 * MINUTE_MS), 12)!
    expect(split.testFrom).toBe(14 * 288 - Math.round(0.3 * 14 * 288))
    expect(split.horizons.map(({ name, steps }) => [name, steps])).toEqual([
      ['5', 5],
      ['15', 15],
      ['60', 60],
      ['day', 288],
    ])
    expect(split.seasons).toEqual([288])
  })

  it('names the week where the training part holds two', () => {
    expect(splitOf(seriesOf(30 * 288, 5 * MINUTE_MS), 12)!.seasons).toEqual([288, 2016])
  })

  it('tests on a whole day where half the trace holds one', () => {
    expect(splitOf(seriesOf(2 * 288, 5 * MINUTE_MS), 4)!.testFrom).toBe(288)
  })

  it('has no day in a trace of seconds', () => {
    const split = splitOf(seriesOf(3600, 1000), 12)!
    expect(split.horizons.map(({ name }) => name)).toEqual(['5', '15', '60'])
    expect(split.seasons).toEqual([])
  })

  it('is not made of a trace without five steps to test on', () => {
    expect(splitOf(seriesOf(14, 1000), 12)).toBeUndefined()
  })

  it('issues in the test part, each time once, with steps left to score', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 20_000 }),
        fc.constantFrom(1000, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS),
        fc.integer({ min: 1, max: 40 }),
        (length, stepMs, count) => {
          const split = splitOf(seriesOf(length, stepMs), count)!
          const { origins, testFrom, horizons } = split
          expect(origins.length).toBeGreaterThan(0)
          expect(origins.length).toBeLessThanOrEqual(count)
          expect(new Set(origins).size).toBe(origins.length)
          expect(origins).toEqual(origins.toSorted((a, b) => a - b))
          expect(origins[0]).toBeGreaterThanOrEqual(testFrom)
          expect(origins.at(-1)! + horizons[0]!.steps).toBeLessThanOrEqual(length)
        },
      ),
    )
  })

  it('issues at all times of the day, not at one', () => {
    const { origins } = splitOf(seriesOf(55 * 288, 5 * MINUTE_MS), 16)!
    const quarters = new Set(origins.map((origin) => Math.floor(((origin % 288) / 288) * 4)))
    expect([...quarters].sort()).toEqual([0, 1, 2, 3])
  })
})
