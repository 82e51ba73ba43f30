import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { arima } from './arima.ts'
import { fitWithLibrary } from './arima-library.ts'
import { isStable } from './arima-step.ts'

function gaussian(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** x[t] = 50 + 0.8 (x[t−1] − 50) + e[t] + 0.3 e[t−1] */
function armaPath(length: number, seed: number): number[] {
  const noise = gaussian(seededRandom(seed))
  const out: number[] = []
  let past = 0
  let error = 0
  for (let i = 0; i < length; i++) {
    const fresh = noise()
    past = 0.8 * past + fresh + 0.3 * error
    error = fresh
    out.push(50 + past)
  }
  return out
}

describe('the library', () => {
  it('gives up its coefficients: those of a simulated ARMA(1,1) come back', () => {
    const fit = fitWithLibrary(armaPath(1000, 1), { p: 1, d: 0, q: 1 }, 3)!
    expect(fit.phi[0]).toBeCloseTo(0.8, 1)
    expect(fit.theta[0]).toBeCloseTo(0.3, 1)
    expect(Math.abs(fit.mean - 50)).toBeLessThan(1)
    expect(fit.forecasts.length).toBe(3)
  })

  it('fits again after a fit that breaks it: every fit has an instance of its own', () => {
    fitWithLibrary(new Array<number>(12_000).fill(Number.NaN), { p: 3, d: 0, q: 0 }, 3)
    expect(fitWithLibrary(armaPath(300, 2), { p: 1, d: 0, q: 1 }, 3)).toBeDefined()
  })
})

const context = { seasons: [96], horizonSteps: 30, random: () => 0.5 }

describe('ARIMA', () => {
  it('foresees an autoregressive remainder: one step ahead better than the season alone', () => {
    const history = Float64Array.from(armaPath(96 * 6, 3))
    let state = arima.fit(history.subarray(0, 96 * 5), context)!
    let own = 0
    let mean = 0
    for (let i = 96 * 5; i < history.length; i++) {
      own += Math.abs(arima.next(state) - history[i]!)
      mean += Math.abs(50 - history[i]!)
      state = arima.update(state, history[i]!)
    }
    expect(own).toBeLessThan(0.8 * mean)
  })

  it('keeps its path between a refit and the next in plain data: next() is the path’s first step', () => {
    const state = arima.fit(Float64Array.from(armaPath(400, 4)), context)!
    const stored = arima.read(JSON.parse(JSON.stringify(state)))
    expect(arima.predict(stored, 20)).toEqual(arima.predict(state, 20))
    expect(arima.next(state)).toBe(arima.predict(state, 1)[0])
  })

  it('is no model of a constant, or of hardly any points', () => {
    expect(arima.fit(new Float64Array(400).fill(7), context)).toBeUndefined()
    expect(arima.fit(Float64Array.from(armaPath(40, 5)), context)).toBeUndefined()
  })

  it('does not foresee the far side of its mean when the level falls and stays down', () => {
    const history = Float64Array.from(armaPath(900, 31), (v) => 4 * v)
    let state = arima.fit(history, { ...context, seasons: [] })!
    const noise = gaussian(seededRandom(32))
    for (let i = 0; i < 60; i++) state = arima.update(state, 40 + noise())
    for (const v of arima.predict(state, 5)) expect(Math.abs(v - 40)).toBeLessThan(40)
  })

  it('prints nothing', () => {
    const written: unknown[] = []
    const { log, error, warn } = console
    Object.assign(console, {
      log: (x: unknown) => written.push(x),
      error: (x: unknown) => written.push(x),
      warn: (x: unknown) => written.push(x),
    })
    try {
      arima.fit(Float64Array.from(armaPath(200, 6)), context)
    } finally {
      Object.assign(console, { log, error, warn })
    }
    expect(written).toEqual([])
  })
})

describe('ARIMA on all seasons', () => {
  const DAY = 48
  const loads = (length: number, seed: number): Float64Array => {
    const wander = armaPath(length, seed)
    return Float64Array.from({ length }, (_, i) => {
      const weekend = Math.floor(i / DAY) % 7 >= 5 ? -35 : 0
      return Math.max(0, 50 + 25 * Math.sin((2 * Math.PI * i) / DAY) + weekend + wander[i]!)
    })
  }

  it('foresees a weekend that the day alone knows nothing of', () => {
    const history = loads(35 * DAY, 21)
    const from = 33 * DAY
    const error = (seasons: number[]): number => {
      const state = arima.fit(history.slice(0, from), { ...context, seasons })!
      const path = arima.predict(state, 2 * DAY)
      return path.reduce((sum, v, k) => sum + Math.abs(v - history[from + k]!), 0) / path.length
    }
    expect(error([DAY, 7 * DAY])).toBeLessThan(0.4 * error([DAY]))
  })

  it('says what its path is made of: level, what wanders, and every season', () => {
    const state = arima.fit(loads(28 * DAY, 22), { ...context, seasons: [DAY, 7 * DAY] })!
    const path = arima.predict(state, 100)
    const parts = arima.components!(state, 100)
    expect(parts.filter(({ name }) => name === 'season').map((part) => part.seasonSteps)).toEqual([
      DAY,
      7 * DAY,
    ])
    path.forEach((v, k) => {
      expect(parts.reduce((sum, { values }) => sum + values[k]!, 0)).toBeCloseTo(v, 8)
    })
  })

  it('is chosen in bounded time for two weeks of minutes', () => {
    const history = Float64Array.from(armaPath(20_160, 23))
    const took = [0, 1].map(() => {
      const before = performance.now()
      expect(arima.fit(history, { ...context, seasons: [1440, 10_080] })).toBeDefined()
      return performance.now() - before
    })
    // most of it is room for a busy machine
    expect(Math.min(...took)).toBeLessThan(1500)
  })
})

describe('stability', () => {
  it('holds exactly inside the triangle of AR(2): φ2 < 1 ± φ1, φ2 > −1', () => {
    for (let a = -2.03; a < 2.1; a += 0.1) {
      for (let b = -1.16; b < 1.2; b += 0.1) {
        const inside = b < 1 - a && b < 1 + a && b > -1
        expect([a, b, isStable([a, b])]).toEqual([a, b, inside])
      }
    }
  })

  it('holds for no coefficients and fails for what is not a number', () => {
    expect(isStable([])).toBe(true)
    expect(isStable([Number.NaN])).toBe(false)
  })
})
