import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Tally } from './accuracy/tally.ts'
import { ForecastConfig } from './config.ts'
import { LEVELS, quantileAt } from './forecast.ts'
import { advance, fitForecaster, forecastAt } from './forecaster.ts'
import { grainOf, offGrain, placeInCell, toGrain } from './grain.ts'
import { seededRandom } from './random.ts'
import { LOAD_METRIC } from './series.ts'

/** By multiplication of uniform numbers (Knuth 1969, §3.4.1). */
function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > limit; product *= random()) count++
  return count
}

describe('the grain of a load', () => {
  it('is the unit that all loads are multiples of, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 8, maxLength: 40 }),
        (unit, counts) => {
          // two neighbours leave no common divisor but the unit
          const values = [...counts, 6, 7].map((n) => n * unit)
          expect(grainOf(Float64Array.of(0, Number.NaN, ...values)) / unit).toBeCloseTo(1, 6)
        },
      ),
    )
  })

  it('is none of a continuous load, of counts too large to tell, of few different values', () => {
    const random = seededRandom(1)
    expect(grainOf(Float64Array.from({ length: 500 }, () => 5 + random()))).toBe(0)
    expect(grainOf(Float64Array.from({ length: 500 }, () => Math.round(1e5 * random())))).toBe(0)
    expect(grainOf(Float64Array.of(100, 100, 100, 0, 100))).toBe(0)
    expect(grainOf(new Float64Array(0))).toBe(0)
    expect(grainOf(Float64Array.of(Number.NaN, 0))).toBe(0)
  })

  it('rounds to the nearest multiple, and nothing where there is none', () => {
    expect(toGrain(0.74, 0.5)).toBe(0.5)
    expect(toGrain(0.76, 0.5)).toBe(1)
    expect(toGrain(0.74, 0)).toBe(0.74)
    expect(offGrain(1.5, 0.5)).toBe(false)
    expect(offGrain(1.6, 0.5)).toBe(true)
    expect(offGrain(Number.NaN, 0.5)).toBe(false)
    expect(toGrain(1e308, 1e-3)).toBe(1e308)
    expect(offGrain(1e308, 1e-3)).toBe(true)
  })

  it('spreads errors evenly over their cells', () => {
    const places = Array.from({ length: 200 }, (_, i) => placeInCell(i)).sort((a, b) => a - b)
    for (const [i, place] of places.entries()) expect(place).toBeCloseTo((i + 0.5) / 200 - 0.5, 1)
  })
})

describe('a forecaster of counts', () => {
  const HISTORY = 2000
  const TEST = 1500
  const config = ForecastConfig.parse({ horizonSteps: 8, models: ['seasonal-naive', 'ets'] })
  const series = { service: 's', metric: LOAD_METRIC, startMs: 0, stepMs: 60_000 }

  it.each([0.3, 1, 3])(
    'holds 88 to 92 % of a Poisson load of mean %d, in whole requests',
    (mean) => {
      const random = seededRandom(7)
      const values = Float64Array.from({ length: HISTORY + TEST }, () => poisson(mean, random))
      let { state } = fitForecaster({ ...series, values: values.subarray(0, HISTORY) }, config, 1)
      const tally = new Tally(1)
      const row = new Float64Array(LEVELS.length)
      for (let t = HISTORY; t < HISTORY + TEST; t++) {
        const forecast = forecastAt(state, t * series.stepMs, series, config)
        for (let level = 0; level < LEVELS.length; level++) {
          row[level] = quantileAt(forecast, level, 0)
          expect(Number.isInteger(row[level])).toBe(true)
        }
        tally.add(0, row, values[t]!)
        state = advance(state, values[t]!)
      }
      const { coverage90 } = tally.score(1, { load: mean, naive: 1 })!
      expect(Math.abs(coverage90 - 0.9)).toBeLessThan(0.02)
    },
  )

  it('forgets the grain as soon as a load is no multiple of it', () => {
    const random = seededRandom(3)
    const values = Float64Array.from({ length: HISTORY }, () => poisson(3, random))
    const { state } = fitForecaster({ ...series, values }, config, 1)
    expect(state.band.grain).toBe(1)
    expect(advance(state, 2.5).band.grain).toBe(0)
  })
})
