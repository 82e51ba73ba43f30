import { describe, expect, it } from 'vitest'
import { lastValue } from '../models/last-value.ts'
import { seasonalNaive } from '../models/seasonal-naive.ts'
import { BEER, BEER_SEASON_STEPS, BEER_TRAINING_STEPS } from './beer.fixture.ts'
import { mase, naiveScale } from './mase.ts'

const training = Float64Array.from(BEER.slice(0, BEER_TRAINING_STEPS))
const actuals = BEER.slice(BEER_TRAINING_STEPS)
const context = { seasons: [BEER_SEASON_STEPS], horizonSteps: 8, random: () => 0.5 }

describe('MASE', () => {
  // FPP3 §5.8, table of the beer example: mean 2.44, naive 4.01, seasonal naive 0.937
  it('gives the published figures of the beer example', () => {
    const scale = naiveScale(training, BEER_SEASON_STEPS)
    const mean = training.reduce((sum, v) => sum + v, 0) / training.length
    const naive = lastValue.predict(lastValue.fit(training, context)!, actuals.length)
    const seasonal = seasonalNaive.predict(seasonalNaive.fit(training, context)!, actuals.length)
    expect(
      mase(
        actuals.map(() => mean),
        actuals,
        scale,
      ),
    ).toBeCloseTo(2.44, 2)
    expect(mase(naive, actuals, scale)).toBeCloseTo(4.01, 2)
    expect(mase(seasonal, actuals, scale)).toBeCloseTo(0.937, 3)
  })

  it('cannot be measured where nothing changes, nothing came, or there is less than a season', () => {
    expect(naiveScale([5, 5, 5, 5], 2)).toBeNull()
    expect(naiveScale([1, 2, 3], 3)).toBeNull()
    expect(mase([1, 2], [Number.NaN, Number.NaN], 1)).toBeNull()
    expect(mase([1, 2], [1, 2], null)).toBeNull()
    expect(mase([1, 2], [2, 3], Number.MIN_VALUE)).toBeNull()
  })

  it('leaves out steps that nobody saw', () => {
    expect(mase([1, 2, 3], [2, Number.NaN, 5], 1)).toBe(1.5)
    expect(naiveScale([1, Number.NaN, 3, 4, 6, 6], 2)).toBe((2 + 3 + 2) / 3)
  })
})
