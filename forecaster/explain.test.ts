/** The parts of a forecast are its point path, whatever state it is in. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from './config.ts'
import type { Covariate } from './covariates/effects.ts'
import { explainForecast, type ForecastParts } from './explain.ts'
import { advance, fitForecaster, forecastAt } from './forecaster.ts'
import { seededRandom } from './random.ts'

const DAY = 48
const HORIZON = 24
const series = { service: 'search', metric: 'requests_per_second', startMs: 0, stepMs: 1_800_000 }
const config = ForecastConfig.parse({ horizonSteps: HORIZON, origins: 30 })

function eventAt(name: string, starts: readonly number[], length: number): Covariate {
  const values = new Float64Array(12 * DAY)
  for (const start of starts) values.fill(1, start, start + length)
  return { name, kind: 'event', values, aheadSteps: Number.POSITIVE_INFINITY }
}
const campaign = eventAt('campaign', [100, 230, 340], 8)
const release = eventAt('release', [104, 180, 344, 400], 6)

/** Nine days with a wave, two events and noise. */
const random = seededRandom(5)
const loads = Float64Array.from({ length: 9 * DAY }, (_, t) => {
  const wave = 80 + 50 * Math.sin((2 * Math.PI * t) / DAY) + 0.02 * t
  const events = (campaign.values[t] ? 2 : 1) * (release.values[t] ? 0.6 : 1)
  return wave * events * (1 + 0.1 * (random() - 0.5))
})

function expectSum({ parts, point }: ForecastParts): void {
  for (let k = 0; k < point.length; k++) {
    const sum = parts.reduce((total, { values }) => total + values[k]!, 0)
    expect(sum).toBeCloseTo(point[k]!, 6)
  }
}

const fitted = () =>
  fitForecaster({ ...series, values: loads }, config, 1, { covariates: [campaign, release] })

describe('the parts of a forecast', () => {
  it('sum to the point path that is published, and name seasons, correction and covariates', () => {
    const { state } = fitted()
    const ahead = state.effects!.effects.map(({ name }) =>
      new Float64Array(HORIZON).fill(1, name === 'campaign' ? 4 : 10, 14),
    )
    const explained = explainForecast(state, HORIZON, ahead)
    expect(explained.point).toEqual(forecastAt(state, 0, series, config, ahead).point)
    expectSum(explained)
    const names = new Set(explained.parts.map(({ name }) => name))
    expect(names).toContain('level')
    expect(names).toContain('season')
    const of = (covariate: string) => explained.parts.find((p) => p.covariate === covariate)!.values
    expect(of('campaign')[3]).toBeCloseTo(0, 9)
    expect(of('campaign')[6]).toBeGreaterThan(0)
    expect(of('release')[6]).toBeCloseTo(0, 9)
    expect(of('release')[11]).toBeLessThan(0)
  })

  it('still do after any loads, also when the load has left its forecast, and its shift is named', () => {
    const load = fc.oneof(fc.double({ min: 0, max: 500 }), fc.constantFrom(Number.NaN, 0, 1e6))
    fc.assert(
      fc.property(fc.array(load, { maxLength: 30 }), (after) => {
        let { state } = fitted()
        for (const value of after) state = advance(state, value)
        expectSum(explainForecast(state, HORIZON))
      }),
      { numRuns: 4 },
    )
    let { state } = fitted()
    for (let i = 0; i < 8; i++) state = advance(state, 900)
    const shift = explainForecast(state, HORIZON).parts.find(({ name }) => name === 'shift')
    expect(shift!.values[0]).toBeGreaterThan(0)
  })

  it('are one part where a fallback speaks', () => {
    const { state } = fitForecaster({ ...series, values: Float64Array.of(3, 4) }, config, 1)
    const explained = explainForecast(state, HORIZON)
    expectSum(explained)
    expect(explained.spoke).toBe('last-value')
  })
})

describe('the members', () => {
  it('have weights that sum to one in every step', () => {
    const { members } = explainForecast(fitted().state, HORIZON)
    for (let k = 0; k < HORIZON; k++)
      expect(members.reduce((sum, { weights }) => sum + weights[k]!, 0)).toBeCloseTo(1, 9)
  })
})
