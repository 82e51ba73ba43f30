/** The whole forecaster with covariates: a campaign known in advance is foretold; without one nothing changes. */
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from '../config.ts'
import { LEVELS, quantileAt } from '../forecast.ts'
import { advance, type FitOptions, fitForecaster, forecastAt } from '../forecaster.ts'
import { readForecaster } from '../forecaster-state.ts'
import { seededRandom } from '../random.ts'
import type { Covariate } from './effects.ts'

const STEP_MS = 900_000
const DAY = 96
/** Three hours. */
const LONG = 12
const DAYS = 12
const HORIZON = 24
const config = ForecastConfig.parse({ horizonSteps: HORIZON, origins: 60 })

/** A campaign doubles the load for three hours; seen three times, the fourth comes on the last day. */
const starts = [2 * DAY + 40, 5 * DAY + 50, 8 * DAY + 44, 11 * DAY + 52]
const campaign: Covariate = (() => {
  const values = new Float64Array((DAYS + 1) * DAY)
  for (const start of starts) values.fill(1, start, start + LONG)
  return { name: 'campaign', kind: 'event', values, aheadSteps: Number.POSITIVE_INFINITY }
})()
const random = seededRandom(11)
const loads = Float64Array.from({ length: DAYS * DAY }, (_, t) => {
  const wave = 200 + 120 * Math.sin((2 * Math.PI * t) / DAY)
  const noise = random() + random() + random() - 1.5
  return Math.max(0, wave * (campaign.values[t] === 1 ? 2 : 1) * (1 + 0.12 * noise))
})

const series = {
  service: 'search',
  metric: 'requests_per_second',
  startMs: 0,
  stepMs: STEP_MS,
}
/** Two hours before the fourth campaign begins. */
const ORIGIN = starts[3]! - 8

function forecast(options: FitOptions, ahead: readonly Float64Array[] = []) {
  const fitTo = 11 * DAY
  const values = loads.slice(0, fitTo)
  const report = fitForecaster({ ...series, values }, config, 7, options)
  let state = readForecaster(JSON.parse(JSON.stringify(report.state)))
  for (let t = fitTo; t < ORIGIN; t++) state = advance(state, loads[t]!, [campaign.values[t]!])
  return { report, forecast: forecastAt(state, ORIGIN * STEP_MS, series, config, ahead) }
}

type Made = ReturnType<typeof forecast>['forecast']

/** Pinball loss over all levels at the steps of the campaign. */
function lossAtEvent(made: Made): number {
  let sum = 0
  for (let k = starts[3]! - ORIGIN; k < starts[3]! - ORIGIN + LONG; k++) {
    for (let l = 0; l < LEVELS.length; l++) {
      const miss = loads[ORIGIN + k]! - quantileAt(made, l, k)
      sum += Math.max(LEVELS[l]! * miss, (LEVELS[l]! - 1) * miss)
    }
  }
  return sum
}

describe('a campaign known in advance, seen three times', () => {
  const ahead = [campaign.values.subarray(ORIGIN, ORIGIN + HORIZON)]
  const knowing = forecast({ covariates: [campaign] }, ahead)
  const unknowing = forecast({})

  it('is foretold with less than a quarter of the loss', () => {
    expect(knowing.report.covariates).toMatchObject([{ name: 'campaign', used: true }])
    expect(lossAtEvent(knowing.forecast)).toBeLessThan(lossAtEvent(unknowing.forecast) / 4)
  })

  it('lies inside its band', () => {
    const low = LEVELS.indexOf(0.01)
    const high = LEVELS.indexOf(0.99)
    let inside = 0
    for (let k = 8; k < 8 + LONG; k++) {
      const load = loads[ORIGIN + k]!
      if (
        quantileAt(knowing.forecast, low, k) <= load &&
        load <= quantileAt(knowing.forecast, high, k)
      )
        inside++
    }
    expect(inside).toBeGreaterThanOrEqual(LONG - 1)
  })

  it('before and after it the forecast is as without it', () => {
    const { point } = knowing.forecast
    for (const k of [0, 4, 7, 20, 23]) {
      const usual = unknowing.forecast.point[k]!
      expect(Math.abs(point[k]! - usual) / usual).toBeLessThan(0.15)
    }
  })

  it('called off, it is not foretold', () => {
    const called = forecast({ covariates: [campaign] }, [new Float64Array(HORIZON)]).forecast
    expect(called.point[12]! / knowing.forecast.point[12]!).toBeCloseTo(0.5, 1)
  })
})

describe('a covariate that does nothing', () => {
  it('changes no bit of what was learned', () => {
    const values = new Float64Array(loads.length + HORIZON)
    for (const start of [100, 300, 500, 777]) values.fill(1, start, start + 9)
    const useless: Covariate = { ...campaign, name: 'newsletter', values }
    const { report } = forecast({ covariates: [useless] })
    expect(report.covariates).toMatchObject([{ name: 'newsletter', used: false }])
    expect(report.state).toEqual(forecast({}).report.state)
  })
})

describe('what is not known at the issue time', () => {
  it('changes no bit of the forecast: later loads, and covariates later than they are known ahead', () => {
    const orders: Covariate = {
      name: 'orders',
      kind: 'series',
      // leads the load by an hour
      values: Float64Array.from(loads, (_, t) => loads[Math.min(t + 4, loads.length - 1)]! / 10),
      aheadSteps: 4,
    }
    const changed = { ...orders, values: orders.values.slice() }
    changed.values.fill(1e6, 11 * DAY)
    const covariates = (one: Covariate) => ({ covariates: [campaign, one] })
    expect(forecast(covariates(changed)).report).toEqual(forecast(covariates(orders)).report)
  })
})
