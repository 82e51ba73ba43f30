import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ForecastConfig } from '../config.ts'
import { LEVELS, ModelKind, quantileAt } from '../forecast.ts'
import { seededRandom } from '../random.ts'
import type { Series } from '../series.ts'
import { chooseEntrant, entrantsOf, planRolling, rollingBacktest } from './rolling.ts'

const STEP_MS = 60_000
const SEASON = 48
const config = ForecastConfig.parse({ seasonsMs: [SEASON * STEP_MS], origins: 20 })
const options = { horizons: [4, 12], origins: 6, testShare: 0.3 }
const still = (): number => 0

function seriesOf(values: Float64Array): Series {
  return { service: 'search', metric: 'requests_per_second', startMs: 0, stepMs: STEP_MS, values }
}

function days(count: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from({ length: count * SEASON }, (_, i) => {
    const load = 60 + 40 * Math.sin((2 * Math.PI * i) / SEASON)
    return Math.max(0, load + 8 * (random() + random() + random() - 1.5))
  })
}

describe('the plan', () => {
  it('tests on what lies after the training part, from issue times that leave room to score', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3000 }),
        fc.integer({ min: 1, max: 40 }),
        (length, origins) => {
          const plan = planRolling(length, { ...options, origins })
          if (!plan) return length < 64
          expect(plan.origins[0]).toBeGreaterThanOrEqual(plan.testFrom)
          expect(plan.origins.at(-1)).toBeLessThan(length)
          expect(plan.origins).toEqual([...new Set(plan.origins)].sort((a, b) => a - b))
          return true
        },
      ),
    )
  })
})

describe('no leakage', () => {
  it.each(ModelKind.options)(
    '%s: what comes after an issue time changes nothing that was forecast there',
    (kind) => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 1000 }),
          fc.integer({ min: 0, max: 5 }),
          (seed, from) => {
            const values = days(8, seed)
            const plan = planRolling(values.length, options)!
            const random = seededRandom(seed + 1)
            const later = values.map((v, i) => (i >= plan.origins[from]! ? 1e4 * random() : v))
            const honest = rollingBacktest(seriesOf(values), kind, config, 1, plan, still)
            const other = rollingBacktest(seriesOf(later), kind, config, 1, plan, still)
            for (let o = 0; o <= from; o++) expect(other.forecasts[o]).toEqual(honest.forecasts[o])
          },
        ),
        { numRuns: 4, seed: 7 },
      )
    },
  )
})

describe('the scores', () => {
  it('of a load that repeats exactly are perfect for seasonal naive', () => {
    const exact = days(1, 3)
    const values = Float64Array.from({ length: 8 * SEASON }, (_, i) => exact[i % SEASON]!)
    const plan = planRolling(values.length, options)!
    const { scores } = rollingBacktest(seriesOf(values), 'seasonal-naive', config, 1, plan, still)
    expect(scores.map((score) => score?.spl)).toEqual([0, 0])
  })

  it('cover about what they say, and better models lose less', () => {
    const values = days(14, 5)
    const plan = planRolling(values.length, { ...options, origins: 60 })!
    const results = entrantsOf(config).map((entrant) =>
      rollingBacktest(seriesOf(values), entrant, config, 1, plan, still),
    )
    const of = (entrant: string) => results.find((result) => result.entrant === entrant)!.scores[1]!
    expect(of('ensemble').coverage90).toBeGreaterThan(0.83)
    expect(of('ensemble').coverage90).toBeLessThan(0.97)
    expect(of('ensemble').coverage[LEVELS.indexOf(0.5)]).toBeCloseTo(0.5, 0)
    expect(of('ensemble').spl).toBeLessThan(0.85 * of('seasonal-naive').spl)
    const { chosen, why } = chooseEntrant(results)
    const least = Math.min(...results.map((r) => r.scores[1]!.spl))
    expect(chosen).toBe('ensemble')
    expect(of(chosen).spl).toBeLessThanOrEqual(least / 0.95)
    expect(why).toMatch(/less than seasonal naive/)
  })

  it('leave out what was not seen', () => {
    const values = days(8, 6)
    const plan = planRolling(values.length, options)!
    values.fill(Number.NaN, plan.testFrom)
    const { scores, forecasts } = rollingBacktest(
      seriesOf(values),
      'linear',
      config,
      1,
      plan,
      still,
    )
    expect(scores).toEqual([null, null])
    expect(quantileAt(forecasts[0]!, 7, 0)).toBeGreaterThan(0)
    expect(chooseEntrant([{ ...emptyResult(), scores }]).why).toMatch(/nothing could be scored/)
  })
})

function emptyResult() {
  return {
    entrant: 'linear' as const,
    spoke: 'linear' as const,
    scores: [],
    fitMs: 0,
    forecastMs: 0,
    seasons: [],
    contest: [],
    forecasts: [],
  }
}
