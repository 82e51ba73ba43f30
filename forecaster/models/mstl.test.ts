import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { mstl } from './mstl.ts'
import { confirmedShares, seasonLayers } from './season-layers.ts'
import { chooseScale, fromScale, toScale } from './stable-scale.ts'

const DAY = 48
const WEEK = 7 * DAY

function gaussian(seed: number): () => number {
  const random = seededRandom(seed)
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

const dayShape = (i: number): number => Math.sin((2 * Math.PI * i) / DAY)
const weekend = (i: number): number => (Math.floor(i / DAY) % 7 >= 5 ? -40 : 0)

function loads(weeks: number, seed: number, weekly: number): Float64Array {
  const noise = gaussian(seed)
  return Float64Array.from({ length: weeks * WEEK }, (_, i) =>
    Math.max(0, 100 + 30 * dayShape(i) + weekly * weekend(i) + 6 * noise()),
  )
}

const context = (seasons: number[], horizonSteps = DAY) => ({
  seasons,
  horizonSteps,
  random: () => 0.5,
})

/** Mean absolute error of paths of a day, issued every three hours through the last week. */
function error(history: Float64Array, seasons: number[]): number {
  const from = history.length - WEEK
  let state = mstl.fit(history.slice(0, from), context(seasons))!
  let sum = 0
  let count = 0
  for (let t = from; t < history.length; t++) {
    if ((t - from) % 6 === 0 && t + DAY <= history.length) {
      const path = mstl.predict(state, DAY)
      for (let k = 0; k < DAY; k++) sum += Math.abs(history[t + k]! - path[k]!)
      count += DAY
    }
    state = mstl.update(state, history[t]!)
  }
  return sum / count
}

describe('day and week at once', () => {
  it('foretell a week with weekends at least a quarter better than the day alone', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const history = loads(5, seed, 1)
      expect(error(history, [DAY, WEEK])).toBeLessThan(0.75 * error(history, [DAY]))
    }
  })

  it('cost at most five percent where no week is', () => {
    for (let seed = 1; seed <= 4; seed++) {
      const history = loads(5, seed, 0)
      expect(error(history, [DAY, WEEK])).toBeLessThan(1.05 * error(history, [DAY]))
    }
  })

  it('are told apart: each layer holds its own shape', () => {
    const [day, week] = seasonLayers(loads(6, 3, 1), [DAY, WEEK], 2)
    for (let i = 0; i < DAY; i++) expect(Math.abs(day![i]! - 30 * dayShape(i))).toBeLessThan(6)
    const spread = week![5 * DAY + 10]! - week![2 * DAY + 10]!
    expect(Math.abs(spread + 40)).toBeLessThan(8)
  })

  it('weigh what unseen steps confirm: all of a true week, next to nothing of noise', () => {
    const shares = (weekly: number): number => {
      const history = loads(6, 8, weekly)
      const from = history.length - WEEK
      const layers = seasonLayers(history.subarray(0, from), [DAY, WEEK], 1)
      return confirmedShares(history.subarray(from), layers, from)[1]!
    }
    expect(shares(1)).toBeGreaterThan(0.85)
    expect(shares(0)).toBeLessThan(0.25)
  })
})

describe('what comes after the fit', () => {
  it('a level shift is followed', () => {
    let state = mstl.fit(loads(3, 5, 0), context([DAY]))!
    for (let i = 0; i < WEEK; i++) state = mstl.update(state, 300 + 30 * dayShape(i))
    const path = mstl.predict(state, DAY)
    for (let k = 0; k < DAY; k++)
      expect(Math.abs(path[k]! - 300 - 30 * dayShape(k))).toBeLessThan(45)
  })

  it('a deviation fades: far ahead the path is what the season says', () => {
    const noise = gaussian(4)
    let pull = 0
    const history = Float64Array.from({ length: 12 * DAY }, (_, i) => {
      pull = 0.7 * pull + 4 * noise()
      return Math.max(0, 100 + 30 * dayShape(i) + pull)
    })
    let state = mstl.fit(history, context([DAY]))!
    for (let i = 0; i < 4; i++) state = mstl.update(state, 100 + 30 * dayShape(i) + 30)
    const path = mstl.predict(state, DAY)
    expect(path[0]! - (100 + 30 * dayShape(4))).toBeGreaterThan(8)
    expect(Math.abs(path[40]! - (100 + 30 * dayShape(44)))).toBeLessThan(10)
  })

  it('parts sum to the path, one season each', () => {
    const state = mstl.fit(loads(4, 6, 1), context([DAY, WEEK]))!
    const parts = mstl.components!(state, 100)
    const path = mstl.predict(state, 100)
    expect(parts.map(({ name, seasonSteps }) => `${name} ${seasonSteps ?? ''}`.trim())).toEqual([
      'level',
      'trend',
      `season ${DAY}`,
      `season ${WEEK}`,
    ])
    path.forEach((v, k) => {
      expect(parts.reduce((sum, { values }) => sum + values[k]!, 0)).toBeCloseTo(v, 8)
    })
  })
})

describe('the scale', () => {
  const spread = (power: number): Float64Array => {
    const noise = gaussian(2)
    return Float64Array.from({ length: 4000 }, (_, i) => {
      const level = 200 * Math.exp(1.2 * Math.sin((2 * Math.PI * i) / 2000))
      return Math.max(0, level + 0.5 * level ** power * noise())
    })
  }

  it('is the root where variance grows as the mean does, the logarithm where the deviation does', () => {
    expect(chooseScale(spread(0.5)).kind).toBe('root')
    expect(chooseScale(spread(1)).kind).toBe('log')
    expect(chooseScale(new Float64Array(500).fill(3)).kind).toBe('root')
    expect(chooseScale(new Float64Array(0)).kind).toBe('root')
  })

  it('leads back to where it came from', () => {
    for (const scale of [chooseScale(spread(0.5)), chooseScale(spread(1))])
      for (const value of [0, 0.3, 77, 1e9])
        expect(fromScale(scale, toScale(scale, value)) / (value || 1)).toBeCloseTo(value ? 1 : 0, 9)
  })
})

it('two weeks of minutes with day and week are fitted in bounded time', () => {
  const noise = gaussian(9)
  const history = Float64Array.from({ length: 20_160 }, (_, i) =>
    Math.max(0, 100 + 30 * Math.sin((2 * Math.PI * i) / 1440) + 8 * noise()),
  )
  const took = [0, 1, 2].map(() => {
    const before = performance.now()
    mstl.fit(history, context([1440, 10_080], 60))
    return performance.now() - before
  })
  // most of it is room for a busy machine
  expect(Math.min(...took)).toBeLessThan(600)
})
