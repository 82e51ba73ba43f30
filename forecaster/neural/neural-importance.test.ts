/** A network's forecast is shared out among all that it sees, without a rest. */
import { describe, expect, it } from 'vitest'
import { shapleyValues } from '../shapley.ts'
import { featuresOf } from './neural-forecast.ts'
import { medianLoadsOf, neuralImportance } from './neural-importance.ts'
import { createNeural, featureNames, quantilesAtKnots } from './neural-model.ts'
import { CELLS, medianOf } from './shape.ts'
import { shapleyGroups } from './shapley-groups.ts'
import { smallWeights, waves } from './test-weights.ts'

const [series] = waves(1, 240)
const { values, seasons } = series!

describe.each(CELLS)('of %s', (cell) => {
  const weights = smallWeights(cell)
  const stateAt = (steps: number) =>
    createNeural(cell).fit(values.slice(0, steps), {
      seasons,
      horizonSteps: 30,
      random: () => 0,
      neural: { [cell]: weights },
    })!

  it('every input that differs is in one named group', () => {
    const groups = shapleyGroups(featureNames(weights))
    const places = groups.flatMap(({ features }) => features)
    expect(new Set(places).size).toBe(places.length)
    expect(groups.map(({ name }) => name)).not.toContain('other')
    expect(groups.length).toBeLessThanOrEqual(10)
    const [a, b] = [featuresOf(stateAt(240)), featuresOf(stateAt(233))]
    const differing = [...a.keys()].filter((i) => a[i] !== b[i])
    expect(places).toEqual(expect.arrayContaining(differing))
  })

  it('what is explained is what the network forecasts', () => {
    const state = stateAt(240)
    const { knots, levels, values: loads } = quantilesAtKnots(state)
    const medians = knots.map((_, k) => loads[k * levels.length + medianOf(weights.shape)]!)
    const mean = medians.reduce((sum, v) => sum + v, 0) / medians.length
    const explained = medianLoadsOf(state)([Float64Array.from(featuresOf(state))])[0]
    expect(explained! / mean).toBeCloseTo(1, 4)
  })

  it('the groups sum to the forecast less what is expected over the background', () => {
    const state = stateAt(240)
    const x = Float64Array.from(featuresOf(state))
    const background = [200, 207, 215].map((t) => Float64Array.from(featuresOf(stateAt(t))))
    const groups = shapleyGroups(featureNames(weights))
    const f = medianLoadsOf(state)
    const { output, expected, values: shares } = shapleyValues(f, x, background, groups)
    const sum = shares.reduce((total, v) => total + v, 0)
    expect(sum).toBeCloseTo(output - expected, 6)
  })

  it('importance is not negative, sorted, and the same again', () => {
    const importance = neuralImportance(cell, weights, values, seasons)!
    const sizes = importance.groups.map((group) => group.importance)
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    expect(sizes.at(-1)).toBeGreaterThanOrEqual(0)
    expect(sizes[0]).toBeGreaterThan(0)
    const sum = importance.groups.reduce((total, { newest }) => total + newest, 0)
    expect(sum).toBeCloseTo(importance.output - importance.expected, 6)
    expect(neuralImportance(cell, weights, values, seasons)).toEqual(importance)
  })

  it('of a history too short there is none', () => {
    expect(neuralImportance(cell, weights, values.slice(0, 20), seasons)).toBeUndefined()
  })
})
