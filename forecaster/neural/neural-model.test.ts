import { describe, expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { featuresOf, forecastOf, predictFromFeatures } from './neural-forecast.ts'
import {
  createNeural,
  featureNames,
  type NeuralState,
  predictMany,
  quantilesAtKnots,
  toLoads,
} from './neural-model.ts'
import { CELLS, medianOf } from './shape.ts'
import { smallConfig, smallWeights, waves } from './test-weights.ts'
import { fitNeural } from './train.ts'
import { readWeights, type TrainedNetworks } from './weights.ts'

const HORIZON = 30

function stateOf(cell: (typeof CELLS)[number], index = 0, steps = 400): NeuralState {
  const { values, seasons } = waves(6, steps)[index]!
  return createNeural(cell).fit(values, contextWith([...seasons]))!
}

function contextWith(
  seasons: number[],
  neural: TrainedNetworks = { lstm: smallWeights('lstm'), gru: smallWeights('gru') },
) {
  return { seasons, horizonSteps: HORIZON, random: seededRandom(1), neural }
}

describe.each(CELLS)('%s', (cell) => {
  const model = createNeural(cell)
  const weights = smallWeights(cell)

  it('does not compete without a trained network', () => {
    expect(model.fit(waves(1)[0]!.values, contextWith([24], {}))).toBeUndefined()
  })

  it('forecasts services that it was not trained on, of any size', () => {
    for (const size of [1e-3, 1, 1e5]) {
      const truth = (t: number) => size * (30 + 20 * Math.sin((2 * Math.PI * t) / 24))
      const history = Float64Array.from({ length: 300 }, (_, t) => truth(t))
      const path = model.predict(model.fit(history, contextWith([24]))!, HORIZON)
      path.forEach((value, k) => {
        expect(Math.abs(value - truth(300 + k)) / size).toBeLessThan(6)
      })
    }
  })

  it('has a median path that runs through its own median at the knots', () => {
    const state = stateOf(cell)
    const { knots, levels, values } = quantilesAtKnots(state)
    const path = model.predict(state, HORIZON)
    knots.forEach((knot, k) => {
      const median = values[k * levels.length + medianOf(weights.shape)]!
      expect(path[knot]).toBeCloseTo(median, 3)
      for (let j = 1; j < levels.length; j++)
        expect(values[k * levels.length + j]).toBeGreaterThanOrEqual(
          values[k * levels.length + j - 1]!,
        )
    })
  })

  it('covers about what its levels say on series like those it learned', () => {
    const { values, seasons } = waves(1, 900)[0]!
    let state: NeuralState = model.fit(values.subarray(0, 400), contextWith([...seasons]))!
    let inside = 0
    let seen = 0
    for (let t = 400; t < 900 - HORIZON; t++) {
      const { knots, levels, values: quantiles } = quantilesAtKnots(state)
      knots.forEach((knot, k) => {
        const actual = values[t + knot]!
        const low = quantiles[k * levels.length]!
        const high = quantiles[(k + 1) * levels.length - 1]!
        if (actual >= low && actual <= high) inside++
        seen++
      })
      state = model.update(state, values[t]!)
    }
    expect(inside / seen).toBeGreaterThan(0.8)
    expect(inside / seen).toBeLessThan(0.98)
  })

  it('forecasts many states as it forecasts each, and again only those that moved', () => {
    const states = Array.from({ length: 70 }, (_, i) => stateOf(cell, i % 6, 200 + i))
    const alone = states.map((state) => model.predict(copyOf(state), HORIZON))
    predictMany(states)
    const known = states.map(forecastOf)
    states.forEach((state, i) => {
      model.predict(state, HORIZON).forEach((value, k) => {
        expect(Math.abs(value - alone[i]![k]!)).toBeLessThan(1e-3 * (1 + value))
      })
    })
    model.update(states[3]!, 25)
    predictMany(states)
    states.forEach((state, i) => {
      expect(forecastOf(state) === known[i]).toBe(i !== 3)
    })
  })

  it('names every feature, and features alone give the forecast', () => {
    const state = stateOf(cell, 1)
    const features = featuresOf(state)
    expect(featureNames(weights)).toHaveLength(features.length)
    expect(new Set(featureNames(weights)).size).toBe(features.length)
    const rows = Array.from({ length: 70 }, () => features)
    const [first] = predictFromFeatures(weights, rows)
    first!.forEach((value, i) => {
      expect(value).toBeCloseTo(forecastOf(state).quantiles[i]!, 3)
    })
    const loads = toLoads(state, first!)
    quantilesAtKnots(state).values.forEach((value, i) => {
      expect(Math.abs(loads[i]! - value)).toBeLessThan(1e-3 * (1 + value))
    })
    expect(() => predictFromFeatures(weights, [new Float32Array(3)])).toThrow(
      `a row has 3 features, must have ${features.length}`,
    )
  })

  it('moves when a feature moves', () => {
    const features = featuresOf(stateOf(cell))
    const changed = features.slice()
    const newest = featureNames(weights).indexOf('load, 1 steps ago')
    changed[newest]! += 3
    const [before, after] = predictFromFeatures(weights, [features, changed])
    expect(after).not.toEqual(before)
  })

  it('shares the weights of states that come from JSON or another thread', () => {
    const state = stateOf(cell)
    const read = model.read(JSON.parse(JSON.stringify(state)))
    expect(read.weights).toBe(state.weights)
    expect(model.read(structuredClone(state)).weights).toBe(state.weights)
  })

  it('has a gapless view of a history with gaps', () => {
    const { values, seasons } = waves(1)[0]!
    const gappy = values.map((v, t) => (t % 7 === 3 ? Number.NaN : v))
    const path = model.predict(model.fit(gappy, contextWith([...seasons]))!, HORIZON)
    const whole = model.predict(model.fit(values, contextWith([...seasons]))!, HORIZON)
    path.forEach((value, k) => {
      expect(Math.abs(value - whole[k]!)).toBeLessThan(6)
    })
  })
})

describe('weights', () => {
  const weights = smallWeights('lstm')

  it('are refused when they are not what their hash says', () => {
    const flipped = `${weights.parameters.startsWith('A') ? 'B' : 'A'}${weights.parameters.slice(1)}`
    expect(() => readWeights({ ...weights, parameters: flipped })).toThrow(/hash|finite/)
    const other = { ...weights, training: { ...weights.training, seed: 99 }, hash: 'x' }
    expect(() => readWeights(other)).toThrow(/is x, must be [0-9a-f]{64}/)
  })

  it('are refused when they are of another size', () => {
    expect(() => readWeights({ ...weights, hash: 'y', parameters: 'AAAA' })).toThrow(
      /are 3 bytes, must be \d+/,
    )
    const shape = { ...weights.shape, inputs: 9 }
    expect(() => readWeights({ ...weights, hash: 'y', shape })).toThrow('must have 4 and')
  })

  it('hash to the same for the same content, whichever order its fields have', () => {
    const read = readWeights(JSON.parse(JSON.stringify(weights)))
    expect(read).toBe(weights)
    const shape = Object.fromEntries(Object.entries(weights.shape).reverse())
    expect(readWeights({ ...structuredClone(weights), shape }).hash).toBe(weights.hash)
  })
})

it('costs little: one forecast of the usual network', () => {
  const config = smallConfig('lstm', {
    ...{ hidden: 32, headHidden: 32, window: 48, epochs: 1, batchesPerEpoch: 1 },
  })
  const lstm = fitNeural(waves(2), config, 1)!
  const model = createNeural('lstm')
  const { values, seasons } = waves(1)[0]!
  const state = model.fit(values, contextWith([...seasons], { lstm }))!
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 300; i++) {
    model.update(state, 20)
    const startedMs = performance.now()
    model.predict(state, HORIZON)
    least = Math.min(least, performance.now() - startedMs)
  }
  expect(least).toBeLessThan(0.3) // about 0.05 ms on an idle core
})

/** A state of its own, not known to any cache. */
function copyOf(state: NeuralState): NeuralState {
  return { ...state, ring: state.ring.slice() }
}
