/** To be a model is to pass this suite: it walks every registered kind. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ModelKind } from '../forecast.ts'
import { smallWeights } from '../neural/test-weights.ts'
import { seededRandom } from '../random.ts'
import { modelOf } from './registry.ts'

const SEASON = 24
const HORIZON = 30
const context = () => ({
  seasons: [SEASON],
  horizonSteps: HORIZON,
  random: seededRandom(1),
  neural: { lstm: smallWeights('lstm'), gru: smallWeights('gru') },
})

const wave = (i: number): number => 20 + 10 * Math.sin((2 * Math.PI * i) / SEASON)
const ADVERSARIAL: Record<string, (i: number) => number> = {
  constant: () => 7,
  zeros: () => 0,
  gaps: (i) => (i % 5 < 2 ? Number.NaN : wave(i)),
  'nothing seen': () => Number.NaN,
  'one value': (i) => (i === 50 ? 3 : Number.NaN),
  steps: (i) => (Math.floor(i / 40) % 2 === 0 ? 1 : 1000),
  sawtooth: (i) => i % 13,
  'huge and small': (i) => (i % 2 === 0 ? 1e12 : 1e-12),
  broken: (i) => [1e308, -1e308, Number.POSITIVE_INFINITY, wave(i)][i % 4]!,
  'one spike': (i) => (i === 90 ? 1e9 : wave(i)),
  growth: (i) => 1.2 ** i,
  negative: (i) => -wave(i),
  'mostly zero': (i) => (i % 11 === 0 ? 50 : 0),
}

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 1000, noNaN: true }) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 18, noNaN: true }).map((x) => Math.exp(x * x)) },
)
const anySeries = fc.array(anyValue, { minLength: 0, maxLength: 160 })

function expectSound(path: Float64Array, steps = HORIZON): void {
  expect(path.length).toBe(steps)
  for (const value of path) if (!(value >= 0 && Number.isFinite(value))) expect(value).toBe('sound')
}

describe.each(ModelKind.exclude(['ensemble']).options)('%s', (kind) => {
  const model = modelOf(kind)
  const usual = Float64Array.from({ length: 6 * SEASON }, (_, i) => wave(i) + ((i * 7) % 5))

  it('is registered under its own kind', () => {
    expect(model.kind).toBe(kind)
  })

  it('can learn from six plain seasons', () => {
    expect(model.fit(usual, context())).toBeDefined()
  })

  it.each(Object.entries(ADVERSARIAL))('stays sound on: %s', (_, valueAt) => {
    for (const length of [0, 1, 2, SEASON, 2 * SEASON, 8 * SEASON]) {
      let state: unknown = model.fit(
        Float64Array.from({ length }, (_, i) => valueAt(i)),
        context(),
      )
      if (state === undefined) continue
      expectSound(model.predict(state, HORIZON))
      for (let i = length; i < length + 3 * SEASON; i++) state = model.update(state, valueAt(i))
      expectSound(model.predict(state, HORIZON))
    }
  })

  it('stays sound on 200 random series and updates, whatever they hold', () => {
    fc.assert(
      fc.property(anySeries, anySeries, (history, later) => {
        let state: unknown = model.fit(Float64Array.from(history), context())
        if (state === undefined) return
        expectSound(model.predict(state, HORIZON))
        for (const value of later) state = model.update(state, value)
        expectSound(model.predict(state, HORIZON))
        expect(model.next(state)).toBe(model.predict(state, 1)[0])
      }),
      { numRuns: 200, seed: 3 },
    )
  }, 60_000)

  it('predicts as many steps as asked, the shorter path being the beginning of the longer', () => {
    const state = model.fit(usual, context())!
    const long = model.predict(state, 5 * SEASON)
    expectSound(long, 5 * SEASON)
    for (const steps of [1, 2, SEASON]) {
      expect(Array.from(model.predict(state, steps))).toEqual(Array.from(long.subarray(0, steps)))
    }
  })

  it('is not moved by predicting', () => {
    const state = model.fit(usual, context())!
    const before = JSON.stringify(state)
    model.predict(state, HORIZON)
    model.next(state)
    expect(JSON.stringify(state)).toBe(before)
  })

  it('predicts the same after its state went through JSON or another thread, and goes on the same', () => {
    let own: unknown = model.fit(usual, context())!
    let json = model.read(JSON.parse(JSON.stringify(own)))
    let clone = model.read(structuredClone(own))
    for (let i = 0; i < 2 * SEASON; i++) {
      const value = i % 6 === 0 ? Number.NaN : wave(i) + 3
      own = model.update(own, value)
      json = model.update(json, value)
      clone = model.update(clone, value)
    }
    expect(Array.from(model.predict(json, HORIZON))).toEqual(
      Array.from(model.predict(own, HORIZON)),
    )
    expect(Array.from(model.predict(clone, HORIZON))).toEqual(
      Array.from(model.predict(own, HORIZON)),
    )
  })

  it('is made of the parts that it names, if it names any, also where the path is cut off at zero', () => {
    const falling = usual.map((v, i) => Math.max(0, v - 0.25 * i))
    for (const history of [usual, falling]) {
      const state = model.fit(history, context())
      const parts = state === undefined ? [] : (model.components?.(state, HORIZON) ?? [])
      if (parts.length === 0) continue
      const path = model.predict(state, HORIZON)
      for (let k = 0; k < HORIZON; k++) {
        const sum = parts.reduce((total, { values }) => total + values[k]!, 0)
        expect(sum).toBeCloseTo(path[k]!, 6)
      }
    }
  })

  it('learns the same from the same history and seed', () => {
    expect(model.fit(usual, context())).toEqual(model.fit(usual, context()))
  })

  it('leaves the history as it was', () => {
    const history = usual.slice()
    model.fit(history, context())
    expect(history).toEqual(usual)
  })

  it('keeps a path that it gave out when the state moves on', () => {
    let state: unknown = model.fit(usual, context())
    const path = model.predict(state, HORIZON)
    const kept = path.slice()
    for (let i = 0; i < 10; i++) state = model.update(state, 500)
    model.predict(state, HORIZON)
    expect(path).toEqual(kept)
  })

  it('takes an unusable value for a step not seen', () => {
    for (const value of [-1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308]) {
      const unseen = model.update(model.fit(usual, context())!, Number.NaN)
      const broken = model.update(model.fit(usual, context())!, value)
      expect(broken).toEqual(unseen)
    }
  })

  it('refuses what is no state', () => {
    for (const stored of [null, 'x', {}, { season: [], position: 0 }, { last: -1 }])
      expect(() => model.read(stored)).toThrow(/invalid|must|expected/i)
  })
})
