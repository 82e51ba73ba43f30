import { describe, expect, it } from 'vitest'
import { BEER, BEER_TRAINING_STEPS } from '../accuracy/beer.fixture.ts'
import { seededRandom } from '../random.ts'
import { theta } from './theta.ts'
import { aheadOf, lineAfter } from './theta-line.ts'

const DAY = 96
const context = { seasons: [DAY], horizonSteps: 30, random: () => 0.5 }
const beer = Float64Array.from(BEER.slice(0, BEER_TRAINING_STEPS))

/**
 * statsforecast 2.1.1, `_lib.theta.pegels_resid` and `forecast` with ModelType.DOTM, its port of forecTheta (the
 * package of Fiorucci et al. 2016): 64 quarters of beer, not adjusted, parameters as given; computed once.
 */
const PUBLISHED = [
  {
    alpha: 0.3,
    theta: 2,
    start: 450,
    path: [429.73943645, 429.59898836, 429.46092111, 429.32512374, 429.19149317, 429.0599335],
  },
  {
    alpha: 0.7,
    theta: 1.5,
    start: 400,
    path: [449.66347768, 449.57945878, 449.50535375, 449.44037291, 449.38379619, 449.33496616],
  },
]

function wave(i: number): number {
  return 40 + 25 * Math.sin((2 * Math.PI * i) / DAY)
}

describe('Theta', () => {
  it.each(PUBLISHED)('foresees the published path for α $alpha, θ $theta', (published) => {
    const { alpha, start, path } = published
    const line = lineAfter(beer, [alpha, 1 - 1 / published.theta, start])!
    expect(aheadOf(line)).toBeCloseTo(path[0]!, 7)
    const state = theta.read({ kind: 'additive', season: [0], position: 0, line })
    const own = theta.predict(state, path.length)
    for (let k = 0; k < path.length; k++) expect(own[k]).toBeCloseTo(path[k]!, 7)
  })

  it('is no more than exponential smoothing with θ = 1', () => {
    const line = lineAfter(beer, [0.4, 0, 450])!
    let level = 450
    for (const value of beer) level += 0.4 * (value - level)
    expect(aheadOf(line)).toBeCloseTo(level, 9)
  })

  it('keeps to a straight line for ever', () => {
    const straight = Float64Array.from({ length: 300 }, (_, i) => 50 + 2 * i)
    const path = theta.predict(theta.fit(straight, { ...context, seasons: [] })!, 40)
    expect(path[39]).toBeGreaterThan(50 + 2 * 330)
    expect(path[39]).toBeLessThan(50 + 2 * 345)
  })

  it('takes the season out and puts it back, additive or as a share of the level', () => {
    const random = seededRandom(2)
    const additive = Float64Array.from({ length: 6 * DAY }, (_, i) => wave(i) + 6 * random())
    const sum = theta.fit(additive, context)!
    const path = theta.predict(sum, DAY)
    for (let k = 0; k < DAY; k += 7)
      expect(Math.abs(path[k]! - (wave(6 * DAY + k) + 3))).toBeLessThan(4)
    const growing = Float64Array.from(
      { length: 8 * DAY },
      (_, i) => (40 + 0.3 * i) * (wave(i) / 40) * (0.98 + 0.04 * random()),
    )
    expect(theta.fit(growing, context)!.kind).toBe('multiplicative')
  })

  it('takes a step not seen for what it foresaw', () => {
    const noisy = Float64Array.from({ length: 6 * DAY }, (_, i) => wave(i) + (i % 7))
    let state = theta.fit(noisy, context)!
    const foreseen = theta.predict(state, 21)[20]!
    for (let i = 0; i < 20; i++) state = theta.update(state, Number.NaN)
    expect(theta.next(state)).toBeCloseTo(foreseen, 9)
  })

  it('names the parts of its path: level, trend, season', () => {
    const noisy = Float64Array.from({ length: 6 * DAY }, (_, i) => wave(i) + (i % 7))
    const state = theta.fit(noisy, context)!
    const parts = theta.components!(state, 10)
    expect(parts.map((part) => part.name)).toEqual(['level', 'trend', 'season'])
    expect(parts[0]!.values[9]).toBe(state.line.level)
    expect(parts[2]!.seasonSteps).toBe(DAY)
  })

  it('learns from eight values, and from fewer nothing', () => {
    const few = Float64Array.of(5, 7, 6, 5, 6, 7, 5, 6)
    const [first] = theta.predict(theta.fit(few, context)!, 1)
    expect(first).toBeGreaterThanOrEqual(5)
    expect(first).toBeLessThanOrEqual(7)
    expect(theta.fit(few.subarray(0, 7), context)).toBeUndefined()
  })
})
