import { describe, expect, it } from 'vitest'
import { BEER, BEER_TRAINING_STEPS } from '../accuracy/beer.fixture.ts'
import { seededRandom } from '../random.ts'
import { createHoltWinters } from './holt-winters.ts'
import { seasonalNaive } from './seasonal-naive.ts'
import type { SeasonKind } from './seasonal-profile.ts'

const context = { seasons: [120], horizonSteps: 30, random: () => 0.5 }

/**
 * statsmodels 0.15.0 on the same 64 quarters and start, α 0.3, β 0.02 (there β* = 0.02/0.3), γ 0.1, φ 0.9; computed once.
 * additive: ETSModel(error='add', trend='add', damped_trend=True, seasonal='add').smooth(…).forecast(6);
 * multiplicative: ExponentialSmoothing(trend='add', damped_trend=True, seasonal='mul').fit(optimized=False).forecast(3),
 * as ETSModel divides by the new level instead of the foreseen one (FPP3 table 8.7), and ExponentialSmoothing leaves
 * the newest seasonal index as it was, which the fourth step would show.
 */
const REFERENCE: Record<SeasonKind, { season: number[]; path: number[] }> = {
  additive: {
    season: [-5, -40, -25, 70],
    path: [416.33131386, 377.46932712, 393.40789972, 480.35442318, 414.79642962, 376.08793131],
  },
  multiplicative: {
    season: [0.99, 0.91, 0.94, 1.16],
    path: [417.00137998, 379.74073177, 394.97475545],
  },
}

function noisyDays(days: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from({ length: days * 120 }, (_, i) => {
    const load = 40 + 25 * Math.sin((2 * Math.PI * i) / 120)
    return Math.max(0, load + 6 * (random() + random() + random() - 1.5))
  })
}

describe.each(['additive', 'multiplicative'] as const)('Holt–Winters, %s season', (kind) => {
  const model = createHoltWinters(kind)

  it('follows the published recursion: same path as statsmodels after 64 quarters of beer', () => {
    const { season, path } = REFERENCE[kind]
    let state = model.read({
      season,
      position: 0,
      level: 450,
      trend: -0.5,
      alpha: 0.3,
      beta: 0.02,
      gamma: 0.1,
      phi: 0.9,
      clip: 0,
    })
    for (const value of BEER.slice(0, BEER_TRAINING_STEPS)) state = model.update(state, value)
    const own = model.predict(state, path.length)
    for (let k = 0; k < path.length; k++) expect(own[k]).toBeCloseTo(path[k]!, 6)
  })

  it('beats seasonal naive on a noisy season: it averages seasons and smooths their shape', () => {
    const history = noisyDays(4, 1)
    const truth = (i: number): number => 40 + 25 * Math.sin((2 * Math.PI * i) / 120)
    const error = (path: Float64Array): number =>
      path.reduce((sum, v, k) => sum + Math.abs(v - truth(history.length + k)), 0) / path.length
    const own = error(model.predict(model.fit(history, context)!, 120))
    const naive = error(seasonalNaive.predict(seasonalNaive.fit(history, context)!, 120))
    expect(own).toBeLessThan(0.5 * naive)
  })

  it('carries level and season through a gap', () => {
    const history = noisyDays(4, 2)
    let state = model.fit(history, context)!
    const foreseen = model.predict(state, 60)[50]!
    for (let i = 0; i < 50; i++) state = model.update(state, Number.NaN)
    expect(model.next(state)).toBeCloseTo(foreseen, 6)
  })

  it('follows a step of the level', () => {
    const history = noisyDays(4, 3)
    let state = model.fit(history, context)!
    for (let i = 0; i < 60; i++) {
      const load = 40 + 25 * Math.sin((2 * Math.PI * (history.length + i)) / 120)
      state = model.update(state, 2 * load)
    }
    const load = 40 + 25 * Math.sin((2 * Math.PI * (history.length + 60)) / 120)
    expect(model.next(state)).toBeGreaterThan(1.3 * load)
  })

  it('asks for a season of history when the season is to be learned', () => {
    const short = noisyDays(1, 4).subarray(0, 100)
    const fitted = model.fit(short, context)
    if (kind === 'multiplicative') expect(fitted).toBeUndefined()
    else expect(fitted!.season.length).toBe(1)
  })

  it('fits 1,000 points in well under a second', () => {
    const history = noisyDays(9, 5).subarray(0, 1000)
    model.fit(history, context)
    const started = performance.now()
    model.fit(history, context)
    expect(performance.now() - started).toBeLessThan(500) // about 30 ms on an idle core
  })
})
