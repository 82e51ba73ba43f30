import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planBacktest } from './accuracy/backtest.ts'
import { calibrate } from './conformal.ts'
import { demandOver, LEVELS, placeAmong, quantileAt } from './forecast.ts'
import { episodes, knotsOf } from './knots.ts'
import type { Errors } from './offset-table.ts'
import { seededRandom } from './random.ts'
import { forecastOfQuantiles } from './test-forecasts.ts'

const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)

/** Points of 10 miss by up to 1, points of 100 lie too high by about 40; `runs`: points before they change. */
function twoSided(runs: number, horizonSteps = 2): Errors {
  const plan = planBacktest(3000, 100, horizonSteps, 600)!
  const random = seededRandom(5)
  const cells = plan.origins.length * plan.probes.length
  const isHigh = (cell: number) => Math.floor(cell / plan.probes.length / runs) % 2 === 1
  const points = Float64Array.from({ length: cells }, (_, cell) => (isHigh(cell) ? 100 : 10))
  const actuals = points.map((p) => (p === 100 ? 40 + 40 * random() : 9 + 2 * random()))
  const loads = new Float64Array(3000 - plan.trainSteps).fill(50)
  return { plan, points, actuals, errors: new Float64Array(loads.length), loads, grain: 0 }
}

describe('knots', () => {
  it('are quantiles of the points, each once', () => {
    const points = Float64Array.from({ length: 100 }, (_, i) => i)
    expect([...knotsOf(points, [0.1, 0.5, 0.9])]).toEqual([10, 50, 90])
    expect([...knotsOf(new Float64Array(50).fill(7), [0.2, 0.8])]).toEqual([7])
  })

  it('place a point between its neighbours, and beyond the outer ones at them', () => {
    const knots = Float64Array.of(10, 20, 40)
    expect([5, 10, 15, 20, 35, 40, 99].map((p) => placeAmong(knots, p))).toEqual([
      0, 0, 0.5, 1, 1.75, 2, 2,
    ])
  })

  it('count issue times a forecast apart as events', () => {
    const errors = twoSided(20)
    const { probes } = errors.plan
    const knots = Float64Array.of(10, 100)
    expect(probes).toEqual([0, 1])
    expect(episodes(errors, knots, 0)).toBeGreaterThanOrEqual(episodes(errors, knots, 1))
    expect(episodes({ ...errors, points: errors.points.map(() => 10) }, knots, 0)).toBe(0)
  })
})

describe('offsets around knots', () => {
  it('hold what each kind of point misses by, where one table would mix them', () => {
    const { band } = calibrate(twoSided(20), 2)
    expect([...band.knots]).toEqual([10, 100])
    const forecast = (point: number) => {
      const plain = forecastOfQuantiles(LEVELS.map(() => 0))
      return { ...plain, point: Float64Array.of(point, point), band }
    }
    expect(quantileAt(forecast(10), LOW_90, 0)).toBeGreaterThan(8.5)
    expect(quantileAt(forecast(10), HIGH_90, 0)).toBeLessThan(11.5)
    expect(quantileAt(forecast(100), LOW_90, 0)).toBeGreaterThan(35)
    expect(quantileAt(forecast(100), HIGH_90, 0)).toBeLessThan(85)
  })

  it('are one table for steps so far ahead that the backtest holds few of them', () => {
    const { band } = calibrate(twoSided(20, 400), 400)
    expect(band.knots).toHaveLength(2)
    const size = band.offsets.length / 2
    const row = (knot: number, probe: number) => {
      const from = knot * size + probe * LEVELS.length
      return [...band.offsets.subarray(from, from + LEVELS.length)]
    }
    const last = size / LEVELS.length - 1
    expect(row(1, 0)).not.toEqual(row(0, 0))
    expect(row(1, last)).toEqual(row(0, last))
  })

  it('never let quantiles cross, whatever the point; demand is the same reading of them', () => {
    const { band } = calibrate(twoSided(20), 2)
    const forecast = { ...forecastOfQuantiles(LEVELS.map(() => 0)), band }
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1000, noNaN: true }), (point) => {
        const at = { ...forecast, point: Float64Array.of(point, point) }
        const quantiles = LEVELS.map((_, level) => quantileAt(at, level, 0))
        for (let l = 1; l < LEVELS.length; l++)
          expect(quantiles[l]).toBeGreaterThanOrEqual(quantiles[l - 1]!)
        const step = demandOver(at, at.issuedAtMs, at.issuedAtMs + at.stepMs)
        expect([...step]).toEqual(quantiles)
      }),
    )
  })
})
