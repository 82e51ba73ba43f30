import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from './config.ts'
import { type Forecast, LEVELS, quantileAt } from './forecast.ts'
import { advance, fitForecaster, forecastAt } from './forecaster.ts'
import { type ForecasterState, readForecaster } from './forecaster-state.ts'
import { seededRandom } from './random.ts'
import type { Series } from './series.ts'

const STEP_MS = 1000
const SEASON = 60
const config = ForecastConfig.parse({
  seasonsMs: [SEASON * STEP_MS],
  horizonSteps: 12,
  origins: 30,
})
const target = { service: 'search', metric: 'requests_per_second', stepMs: STEP_MS }

function seriesOf(values: Float64Array): Series {
  return { ...target, startMs: 0, values }
}

function noisyDays(steps: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from({ length: steps }, (_, i) => {
    const load = 40 + 25 * Math.sin((2 * Math.PI * i) / SEASON)
    return Math.max(0, load + 2 * Math.sqrt(load) * (random() + random() + random() - 1.5))
  })
}

function fitted(values: Float64Array): ForecasterState {
  return fitForecaster(seriesOf(values), config, 1).state
}

/** Of the 90 % interval one step ahead. */
function widthOf(forecast: Forecast): number {
  return quantileAt(forecast, 12, 0) - quantileAt(forecast, 2, 0)
}

function look(state: ForecasterState): Forecast {
  return forecastAt(state, 1_000_000, target, config)
}

/** Every quantile of every step: finite, not negative, never crossing. */
function expectSound(forecast: Forecast): void {
  for (let k = 0; k < forecast.point.length; k++) {
    let below = 0
    for (let l = 0; l < LEVELS.length; l++) {
      const quantile = quantileAt(forecast, l, k)
      if (!(Number.isFinite(quantile) && quantile >= below)) expect(quantile).toBe('sound')
      below = quantile
    }
  }
}

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.double() },
)

describe('fitting', () => {
  it('chooses by the contest: the winner is its first row, with the quality it was chosen for', () => {
    const { state, contest } = fitForecaster(seriesOf(noisyDays(5 * SEASON, 1)), config, 1)
    expect(contest[0]!.kind).toBe(state.model.kind)
    expect(contest[0]!.scaledPinball).toBe(state.quality.scaledPinball)
    expect(contest.map((row) => row.kind).toSorted()).toEqual([
      'arima',
      'ensemble',
      'ets',
      'linear',
      'mstl',
      'seasonal-naive',
      'theta',
    ])
    const scores = contest.map((row) => row.scaledPinball!)
    expect(scores.at(-1)).toBeGreaterThan(scores[0]!)
    expect(state.quality.mase).toBeLessThan(1)
    expect(state.quality.coverage90).toBeGreaterThan(0.8)
    expect(state.model.fittedAtMs).toBe(5 * SEASON * STEP_MS)
  })

  it('lets seasonal naive win where nothing is better than repeating the season', () => {
    const random = seededRandom(4)
    const day = Float64Array.from({ length: SEASON }, () => 100 * random() ** 4)
    const exact = Float64Array.from({ length: 5 * SEASON }, (_, i) => day[i % SEASON]!)
    expect(fitted(exact).model.kind).toBe('seasonal-naive')
  })

  it('scores seasonal naive even when the configuration does not name it', () => {
    const narrow = { ...config, models: ['ets' as const] }
    const { contest } = fitForecaster(seriesOf(noisyDays(4 * SEASON, 2)), narrow, 1)
    expect(contest.map((row) => row.kind).toSorted()).toEqual(['ets', 'seasonal-naive'])
  })

  it('gives a wide band and no scores to a series too short to test, even an empty one', () => {
    for (const values of [[], [5], [5, Number.NaN, 6], new Array<number>(50).fill(Number.NaN)]) {
      const state = fitted(Float64Array.from(values))
      expect(state.model.kind).toBe('last-value')
      expect(state.quality).toEqual({
        mase: null,
        scaledPinball: null,
        coverage90: null,
        origins: 0,
      })
      const forecast = look(state)
      expectSound(forecast)
      expect(quantileAt(forecast, 14, 11)).toBeGreaterThan(1.5 * quantileAt(forecast, 7, 11))
    }
  })

  it('gives the same version to the same learning, another to another', () => {
    const one = fitted(noisyDays(4 * SEASON, 3))
    expect(fitted(noisyDays(4 * SEASON, 3))).toEqual(one)
    expect(fitted(noisyDays(4 * SEASON, 4)).model.version).not.toBe(one.model.version)
  })

  it('covers later steps about as often as it says', () => {
    const values = noisyDays(12 * SEASON, 5)
    let state = fitted(values.slice(0, 6 * SEASON))
    let inside = 0
    let seen = 0
    for (let t = 6 * SEASON; t + 12 <= values.length; t++) {
      const forecast = look(state)
      for (let k = 0; k < 12; k++) {
        const actual = values[t + k]!
        if (actual >= quantileAt(forecast, 2, k) && actual <= quantileAt(forecast, 12, k)) inside++
        seen++
      }
      state = advance(state, values[t]!)
    }
    expect(inside / seen).toBeGreaterThan(0.84)
    expect(inside / seen).toBeLessThan(0.97)
  })
})

describe('a forecast', () => {
  it('is sound for whatever was seen at fitting and after', () => {
    const anySeries = fc.array(anyValue, { minLength: 0, maxLength: 200 })
    fc.assert(
      fc.property(anySeries, anySeries, (history, later) => {
        const few = { ...config, models: ['ets' as const, 'arima' as const] }
        let { state } = fitForecaster(seriesOf(Float64Array.from(history)), few, 1)
        expectSound(look(state))
        for (const value of later) state = advance(state, value)
        expectSound(look(state))
      }),
      { numRuns: 200, seed: 5 },
    )
  }, 60_000)

  it('says when it was issued, when it expires and how far it looks', () => {
    const forecast = look(fitted(noisyDays(4 * SEASON, 6)))
    expect(forecast.issuedAtMs).toBe(1_000_000)
    expect(forecast.expiresAtMs).toBe(1_000_000 + config.expirySteps * STEP_MS)
    expect(forecast.point.length).toBe(12)
    expect(forecast.service).toBe('search')
  })

  it('does not change when the state moves on', () => {
    let state = fitted(noisyDays(4 * SEASON, 7))
    const forecast = look(state)
    const kept = forecast.point.slice()
    for (let i = 0; i < 30; i++) state = advance(state, 90)
    look(state)
    expect(forecast.point).toEqual(kept)
  })

  it('is the same from a state that went through JSON, and stays the same', () => {
    const values = noisyDays(5 * SEASON, 8)
    let own = fitted(values.slice(0, 4 * SEASON))
    let read = readForecaster(JSON.parse(JSON.stringify(own)))
    for (const value of values.subarray(4 * SEASON)) {
      own = advance(own, value)
      read = advance(read, value)
    }
    expect(Array.from(look(read).point)).toEqual(Array.from(look(own).point))
    expect(quantileAt(look(read), 13, 5)).toBe(quantileAt(look(own), 13, 5))
  })

  it('knows nothing of what comes later, even in the same buffer', () => {
    const values = noisyDays(6 * SEASON, 9)
    const past = values.subarray(0, 5 * SEASON)
    const before = fitted(past)
    values.fill(1e6, 5 * SEASON)
    expect(fitted(past)).toEqual(before)
  })

  it('reaches no further than was calibrated', () => {
    const state = fitted(noisyDays(4 * SEASON, 10))
    expect(forecastAt(state, 0, target, { ...config, horizonSteps: 500 }).point.length).toBe(12)
    expect(forecastAt(state, 0, target, { ...config, horizonSteps: 5 }).point.length).toBe(5)
  })
})

describe('falling back', () => {
  const state = () => {
    const values = noisyDays(5 * SEASON, 11)
    const only = { ...config, models: ['ets' as const] }
    return fitForecaster(seriesOf(values), only, 1).state
  }

  it('lets seasonal naive speak when the path is absurd, with a band no narrower', () => {
    const broken = { ...state() } // a copy remembers nothing of what was said when it was sound
    expect(broken.model.kind).toBe('ets')
    broken.members[0]!.modelState = { ...Object(broken.members[0]!.modelState), level: 1e9 }
    const forecast = look(broken)
    expect(forecast.model.kind).toBe('seasonal-naive')
    expect(widthOf(forecast)).toBeGreaterThanOrEqual(0.99 * widthOf(look(state())))
    expectSound(forecast)
    expect(Math.max(...forecast.point)).toBeLessThan(150)
  })

  it('lets the last value speak when no season is known either', () => {
    const broken = { ...state(), naive: null }
    broken.members[0]!.modelState = { ...Object(broken.members[0]!.modelState), level: Number.NaN }
    broken.last = 33
    const forecast = look(broken)
    expect(forecast.model.kind).toBe('last-value')
    expect(Array.from(forecast.point)).toEqual(new Array(12).fill(33))
    expectSound(forecast)
  })

  it('survives a model that throws', () => {
    const broken = { ...state() } // a copy remembers nothing of what was said when it was sound
    broken.members[0]!.modelState = undefined
    expect(look(broken).model.kind).toBe('seasonal-naive')
  })
})

describe('following', () => {
  it('raises drift under a load that leaves its band, widens, and calms down when it returns', () => {
    const values = noisyDays(10 * SEASON, 12)
    const naive = { ...config, models: ['seasonal-naive' as const] }
    let { state } = fitForecaster(seriesOf(values.slice(0, 5 * SEASON)), naive, 1)
    const calm = widthOf(look(state))
    for (let t = 5 * SEASON; t < 5 * SEASON + 10; t++) state = advance(state, 5 * values[t]! + 100)
    expect(state.drifting).toBe(true)
    expect(widthOf(look(state))).toBeGreaterThan(1.5 * calm)
    for (let t = 5 * SEASON + 10; t < 6 * SEASON; t++) state = advance(state, values[t]!)
    expect(look(state).drifting).toBe(false)
  })

  it('goes on through gaps', () => {
    let state = fitted(noisyDays(5 * SEASON, 13))
    for (let i = 0; i < 3 * SEASON; i++) state = advance(state, Number.NaN)
    expectSound(look(state))
    expect(state.drifting).toBe(false)
  })
})

describe('reading a stored forecaster', () => {
  it('refuses what is none, naming the field', () => {
    const stored = JSON.parse(JSON.stringify(fitted(noisyDays(4 * SEASON, 14))))
    expect(() => readForecaster({ ...stored, naiveInflation: 0.5 })).toThrow(/naiveInflation/)
    expect(() => readForecaster({ ...stored, extra: 1 })).toThrow(/extra/)
    expect(() => readForecaster({ ...stored, band: { ...stored.band, offsets: [1, 2] } })).toThrow(
      /offsets/,
    )
    expect(() =>
      readForecaster({ ...stored, members: [{ ...stored.members[0], modelState: {} }] }),
    ).toThrow()
  })
})
