import { describe, expect, it } from 'vitest'
import { LEVELS } from '../../../forecaster/forecast.ts'
import { scoreQuantiles, yardstickOf } from './score.ts'
import type { Split } from './split.ts'

const split: Split = {
  testFrom: 4,
  origins: [4, 5],
  horizons: [{ name: '5', steps: 2 }],
  reach: 2,
  seasons: [],
}
const values = Float64Array.of(1, 3, 1, 3, 10, 20, 30)

/** Every quantile the same. */
const pointForecast = (points: readonly (readonly number[])[]) =>
  Float64Array.from(points.flatMap((path) => LEVELS.flatMap(() => path)))

describe('the scores of a forecast', () => {
  it('are by hand: pinball of one value is |error| / 2 on average over symmetric levels', () => {
    const [score] = scoreQuantiles(
      pointForecast([
        [10, 20],
        [24, 26],
      ]),
      values,
      split,
    )
    // errors 0, 0, 4 over (20 → 24) and 4 under (30 → 26); mean |load| of the test part 20
    expect(score!.steps).toBe(4)
    expect(score!.spl).toBeCloseTo((4 * 0.5 + 4 * 0.5) / 4 / 20, 12)
    // naive scale of the training part: |3−1|, |1−3|, |3−1| → 2
    expect(score!.mase).toBeCloseTo(8 / 4 / 2, 12)
  })

  it('skip what was not seen', () => {
    const gap = values.slice()
    gap[5] = Number.NaN
    const [score] = scoreQuantiles(
      pointForecast([
        [10, 99],
        [99, 30],
      ]),
      gap,
      split,
    )
    expect(score!.steps).toBe(2)
    expect(score!.spl).toBe(0)
  })

  it('have no MASE where the training part never changes', () => {
    const flat = Float64Array.of(2, 2, 2, 2, 10, 20, 30)
    const path = [1, 1]
    expect(scoreQuantiles(pointForecast([path, path]), flat, split)[0]!.mase).toBeNull()
  })

  it('do not exist where the load of the test part is zero', () => {
    const idle = Float64Array.of(1, 3, 1, 3, 0, 0, 0)
    expect(yardstickOf(idle, split).load).toBeNull()
    const path = [0, 0]
    expect(scoreQuantiles(pointForecast([path, path]), idle, split)).toEqual([])
  })
})
