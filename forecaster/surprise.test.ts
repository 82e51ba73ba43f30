import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEVELS, quantileAt } from './forecast.ts'
import { surpriseOf } from './surprise.ts'
import { forecastOfQuantiles, logisticForecast, logisticTail } from './test-forecasts.ts'

const LOGISTIC = logisticForecast(100, 5)

describe('surpriseOf', () => {
  it('is the level at each quantile, from both sides', () => {
    LEVELS.forEach((level, i) => {
      const { atLeast, atMost } = surpriseOf(LOGISTIC, 0, quantileAt(LOGISTIC, i, 0))
      // at the outermost ones themselves, the whole of what is inside
      if (i < LEVELS.length - 1) expect(atMost).toBeCloseTo(level, 10)
      if (i > 0) expect(atLeast).toBeCloseTo(1 - level, 10)
    })
  })

  it('never calls a value of the upper or lower half rarer than it is (logistic truth)', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 18, noNaN: true }), (z) => {
        const up = surpriseOf(LOGISTIC, 0, 100 + 5 * z).atLeast
        const down = surpriseOf(LOGISTIC, 0, 100 - 5 * z).atMost
        expect(up).toBeGreaterThanOrEqual(logisticTail(z) * (1 - 1e-9))
        expect(down).toBeGreaterThanOrEqual(logisticTail(z) * (1 - 1e-9))
      }),
    )
  })

  it('falls outwards without a jump, and is a probability for any value', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 15, maxLength: 15 }),
        fc.double({ min: 0, max: 1e300, noNaN: true }),
        fc.double({ min: 0, max: 1e300, noNaN: true }),
        (quantiles, a, b) => {
          const forecast = forecastOfQuantiles(quantiles.sort((x, y) => x - y))
          const low = surpriseOf(forecast, 0, Math.min(a, b))
          const high = surpriseOf(forecast, 0, Math.max(a, b))
          for (const p of [low.atLeast, low.atMost, high.atLeast, high.atMost]) {
            expect(p).toBeGreaterThanOrEqual(0)
            expect(p).toBeLessThanOrEqual(1)
          }
          expect(high.atLeast).toBeLessThanOrEqual(low.atLeast * (1 + 1e-12))
          expect(high.atMost).toBeGreaterThanOrEqual(low.atMost * (1 - 1e-12))
        },
      ),
    )
  })

  it('counts the whole mass of an idle service on both sides', () => {
    const idle = forecastOfQuantiles(LEVELS.map((level) => (level <= 0.9 ? 0 : 10 * level)))
    expect(surpriseOf(idle, 0, 0)).toEqual({ atLeast: 1, atMost: 0.9 })
    const never = forecastOfQuantiles(LEVELS.map(() => 0))
    expect(surpriseOf(never, 0, 7).atLeast).toBeCloseTo(0.01, 10)
  })

  it('is no certainty under a forecast of one value alone', () => {
    const sure = forecastOfQuantiles(LEVELS.map(() => 50))
    expect(surpriseOf(sure, 0, 50)).toEqual({ atLeast: 1, atMost: 1 })
    expect(surpriseOf(sure, 0, 50.01).atLeast).toBeGreaterThan(0.01)
    expect(surpriseOf(sure, 0, 60).atLeast).toBeLessThan(1e-6)
  })

  it('does not call one request more than usual impossible (Poisson truth, mean 0.3)', () => {
    const counts = forecastOfQuantiles(
      LEVELS.map((level) => (level <= 0.7 ? 0 : level < 0.99 ? 1 : 2)),
    )
    const grained = { ...counts, band: { ...counts.band, grain: 1 } }
    const truth = 1 - Math.exp(-0.3) * (1 + 0.3 + 0.3 ** 2 / 2)
    expect(surpriseOf(grained, 0, 3).atLeast).toBeGreaterThan(truth / 2)
  })
})
