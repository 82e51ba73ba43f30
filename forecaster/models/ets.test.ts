import { describe, expect, it } from 'vitest'
import { BEER, BEER_TRAINING_STEPS } from '../accuracy/beer.fixture.ts'
import { seededRandom } from '../random.ts'
import { ets } from './ets.ts'
import { likeliestState, minusTwoLogLikelihood } from './ets-likelihood.ts'
import type { EtsForm, EtsState } from './ets-step.ts'
import { seasonalNaive } from './seasonal-naive.ts'

const DAY = 120
const context = { seasons: [DAY], horizonSteps: 30, random: () => 0.5 }
const beer = Float64Array.from(BEER.slice(0, BEER_TRAINING_STEPS))

const SEASONS = { N: [0], A: [-5, -40, -25, 70], M: [0.99, 0.91, 0.94, 1.16] }

function beforeBeer(form: Omit<EtsForm, 'root'>): EtsState {
  return ets.read({
    form: { ...form, root: false },
    season: SEASONS[form.season],
    position: 0,
    level: 450,
    trend: form.trend === 'N' ? 0 : -0.5,
    alpha: 0.3,
    beta: form.trend === 'N' ? 0 : 0.02,
    gamma: form.season === 'N' ? 0 : 0.1,
    phi: form.trend === 'Ad' ? 0.9 : 1,
    clip: 0,
  })
}

/**
 * statsforecast 2.1.1, `pegelsresid_C` and `etsforecast`, its port of `etscalc` in R's forecast (Hyndman & Khandakar 2008): 64 quarters
 * of beer from the start above, α 0.3, β 0.02, γ 0.1, φ 0.9; computed once. Of damped trends only the first step ahead
 * is its; the path is statsmodels 0.15.0's (ETSModel.smooth(…).forecast), which sums φ + φ² + … as FPP3 §8.2 does.
 */
const PUBLISHED: readonly (Omit<EtsForm, 'root'> & { likelihood: number; path: number[] })[] = [
  {
    error: 'A',
    trend: 'N',
    season: 'N',
    likelihood: 767.2722781076226,
    path: [430.23958905, 430.23958905],
  },
  {
    error: 'M',
    trend: 'A',
    season: 'N',
    likelihood: 770.4697721030819,
    path: [428.76444152, 428.74475296, 428.72506439, 428.70537582],
  },
  {
    error: 'A',
    trend: 'Ad',
    season: 'A',
    likelihood: 603.7552506156172,
    path: [416.33131386, 377.46932712, 393.40789972, 480.35442318, 414.79642962, 376.08793131],
  },
  { error: 'M', trend: 'Ad', season: 'M', likelihood: 598.3338949582837, path: [417.00137998] },
  {
    error: 'M',
    trend: 'N',
    season: 'A',
    likelihood: 600.3518995910347,
    path: [417.034716, 378.62788964, 394.98079668, 482.31624635, 417.034716, 378.62788964],
  },
]

function noisyDays(days: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from({ length: days * DAY }, (_, i) =>
    Math.max(0, wave(i) + 6 * (random() + random() + random() - 1.5)),
  )
}

function wave(i: number): number {
  return 40 + 25 * Math.sin((2 * Math.PI * i) / DAY)
}

describe.each(PUBLISHED)('ETS($error,$trend,$season)', ({ likelihood, path, ...form }) => {
  it('has the published likelihood of 64 quarters of beer', () => {
    expect(minusTwoLogLikelihood(beforeBeer(form), beer)).toBeCloseTo(likelihood, 8)
  })

  it('foresees the published path after them', () => {
    let state = beforeBeer(form)
    for (const value of beer) state = ets.update(state, value)
    const own = ets.predict(state, path.length)
    for (let k = 0; k < path.length; k++) expect(own[k]).toBeCloseTo(path[k]!, 6)
  })
})

describe('choice of a form', () => {
  it('by AICc is that of statsforecast 2.1.1 AutoETS on beer: (M,A,M) of season 4, (A,N,N) without', () => {
    expect(likeliestState(beer, [4])!.form).toMatchObject({ error: 'M', trend: 'A', season: 'M' })
    expect(likeliestState(beer, [])!.form).toMatchObject({ error: 'A', trend: 'N', season: 'N' })
  })

  it('uses the season that foretells best, of several', () => {
    const random = seededRandom(3)
    const weekly = Float64Array.from({ length: 8 * 168 }, (_, i) => {
      const weekend = i % 168 >= 120
      return 30 + (weekend ? 0 : 20 * Math.sin((2 * Math.PI * i) / 24)) + 2 * random()
    })
    expect(ets.fit(weekly, { ...context, seasons: [24, 168] })!.season.length).toBe(168)
    const daily = Float64Array.from(
      { length: 8 * 168 },
      (_, i) => 30 + 20 * Math.sin((2 * Math.PI * i) / 24) + 8 * random(),
    )
    expect(ets.fit(daily, { ...context, seasons: [24, 168] })!.season.length).toBe(24)
  })

  it('leaves out a season that does not foretell', () => {
    const random = seededRandom(4)
    let level = 500
    const walk = Float64Array.from({ length: 6 * DAY }, () => {
      level += 20 * (random() - 0.5)
      return level
    })
    const state = ets.fit(walk, context)!
    expect(state.form.season).toBe('N')
    expect(state.alpha).toBeGreaterThan(0.6)
  })

  it('takes a season that grows with the level for multiplicative', () => {
    const random = seededRandom(5)
    const growing = Float64Array.from({ length: 8 * DAY }, (_, i) => {
      const level = 40 + 0.2 * i
      return level * (1 + 0.6 * Math.sin((2 * Math.PI * i) / DAY)) * (0.98 + 0.04 * random())
    })
    expect(ets.fit(growing, context)!.form.season).toBe('M')
  })

  it('sees a trend that goes on', () => {
    const random = seededRandom(6)
    const rising = Float64Array.from({ length: 400 }, (_, i) => 100 + 0.5 * i + 4 * random())
    const state = ets.fit(rising, { ...context, seasons: [] })!
    expect(state.form.trend).not.toBe('N')
    expect(ets.predict(state, 20)[19]).toBeGreaterThan(305)
  })

  it('learns from eight values, and from fewer nothing', () => {
    const few = Float64Array.of(5, 7, 6, 5, 6, 7, 5, 6)
    expect(ets.predict(ets.fit(few, context)!, 1)[0]).toBeCloseTo(6, 0)
    expect(ets.fit(few.subarray(0, 7), context)).toBeUndefined()
  })

  it('believes a season that came once, and asks for no more', () => {
    const once = noisyDays(1, 7)
    const state = ets.fit(once, context)!
    expect(state.season.length).toBe(DAY)
    expect(ets.fit(once.subarray(0, DAY - 1), context)!.season.length).toBe(1)
  })
})

describe('ETS', () => {
  it('beats seasonal naive on a noisy season: it averages seasons and smooths their shape', () => {
    const history = noisyDays(4, 1)
    const error = (path: Float64Array): number =>
      path.reduce((sum, v, k) => sum + Math.abs(v - wave(history.length + k)), 0) / path.length
    const own = error(ets.predict(ets.fit(history, context)!, DAY))
    const naive = error(seasonalNaive.predict(seasonalNaive.fit(history, context)!, DAY))
    expect(own).toBeLessThan(0.5 * naive)
  })

  it('carries level and season through a gap', () => {
    let state = ets.fit(noisyDays(4, 2), context)!
    const foreseen = ets.predict(state, 60)[50]!
    for (let i = 0; i < 50; i++) state = ets.update(state, Number.NaN)
    expect(ets.next(state)).toBeCloseTo(foreseen, 6)
  })

  it('follows a step of the level, of a history that has had some', () => {
    const stepped = noisyDays(6, 3).map((v, i) => v + 40 * (Math.floor(i / 90) % 2))
    let state = ets.fit(stepped, context)!
    for (let i = 0; i < 60; i++) state = ets.update(state, wave(stepped.length + i) + 80)
    expect(ets.next(state)).toBeGreaterThan(wave(stepped.length + 60) + 60)
  })

  it('names the parts of its path: level, trend, season', () => {
    let state = beforeBeer({ error: 'A', trend: 'Ad', season: 'A' })
    for (const value of beer) state = ets.update(state, value)
    const [level, trend, season] = ets.components!(state, 4)
    expect(level!.values[3]).toBeCloseTo(state.level, 9)
    expect(trend!.values[0]).toBeCloseTo(0.9 * state.trend, 9)
    expect(season!.seasonSteps).toBe(4)
    expect(season!.values[3]).toBeCloseTo(state.season[3]!, 9)
  })

  it('takes no longer for a longer history, and keeps its place in the season', () => {
    const long = Float64Array.from({ length: 100_003 }, (_, i) => wave(i) + ((i * 7) % 5))
    const state = ets.fit(long, context)!
    expect(ets.next(state)).toBeCloseTo(wave(long.length) + 2, -1)
    const started = performance.now()
    ets.fit(long, context)
    expect(performance.now() - started).toBeLessThan(1000) // about 60 ms on an idle core
  })

  it('fits 2,000 points in well under a second', () => {
    const history = noisyDays(17, 5).subarray(0, 2000)
    ets.fit(history, context)
    const started = performance.now()
    ets.fit(history, context)
    expect(performance.now() - started).toBeLessThan(500) // about 20 ms on an idle core
  })
})
