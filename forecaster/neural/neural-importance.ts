/**
 * What a network's forecasts of one service hang on: Shapley values of groups of its inputs, against what it saw of the
 * same service at other times. Explained is the mean of its medians over the knots, as a load; the background's
 * departures are taken from where the service is now.
 */
import type { FeatureGroup, ShapleyValues, Together } from '../shapley.ts'
import { meanImportance, shapleyValues } from '../shapley.ts'
import { featuresOf, predictFromFeatures } from './neural-forecast.ts'
import { createNeural, featureNames, type NeuralState, toLoads } from './neural-model.ts'
import { type Cell, medianOf } from './shape.ts'
import { shapleyGroups } from './shapley-groups.ts'
import type { NeuralWeights } from './weights.ts'

export interface NeuralImportance {
  readonly cell: Cell
  readonly groups: readonly {
    readonly name: string
    /** Mean size of the group's value over the issue times, in the unit of the load. */
    readonly importance: number
    /** Its value at the newest issue time. */
    readonly newest: number
  }[]
  readonly issueTimes: number
  readonly backgroundRows: number
  /** At the newest issue time: what the network says, and what it says on average over the background. */
  readonly output: number
  readonly expected: number
}

const ISSUE_TIMES = 6
const BACKGROUND_ROWS = 8
const LEAST_HISTORY = 48

/** Undefined when the history is too short for the network. */
export function neuralImportance(
  cell: Cell,
  weights: NeuralWeights,
  history: Float64Array,
  seasons: readonly number[],
): NeuralImportance | undefined {
  const stretch = Math.min(history.length >> 1, 2 * (seasons.at(-1) ?? history.length))
  if (history.length < LEAST_HISTORY) return undefined
  const at = (count: number, i: number) =>
    stateAt(cell, weights, history.length - Math.floor((i * stretch) / count), history, seasons)
  const explained = statesOf(ISSUE_TIMES, at)
  // in between the issue times that are explained
  const others = statesOf(BACKGROUND_ROWS, (count, i) => at(2 * count, 2 * i + 1))
  if (explained.length === 0 || others.length === 0) return undefined
  const background = others.map(rowOf)
  const groups = shapleyGroups(featureNames(weights))
  const values = explained.map((state) => explain(state, background, groups))
  const newest = values[0]!
  const importance = meanImportance(values)
  return {
    cell,
    groups: groups
      .map(({ name }, g) => ({ name, importance: importance[g]!, newest: newest.values[g]! }))
      .sort((a, b) => b.importance - a.importance),
    issueTimes: values.length,
    backgroundRows: background.length,
    output: newest.output,
    expected: newest.expected,
  }
}

function statesOf(
  count: number,
  at: (count: number, i: number) => NeuralState | undefined,
): NeuralState[] {
  return Array.from({ length: count }, (_, i) => at(count, i)).filter(
    (state) => state !== undefined,
  )
}

/** As the network would see the service after `steps` steps. */
function stateAt(
  cell: Cell,
  weights: NeuralWeights,
  steps: number,
  history: Float64Array,
  seasons: readonly number[],
): NeuralState | undefined {
  const context = { seasons, horizonSteps: 1, random: () => 0, neural: { [cell]: weights } }
  return createNeural(cell).fit(history.slice(0, steps), context)
}

const rowOf = (state: NeuralState): Float64Array => Float64Array.from(featuresOf(state))

function explain(
  state: NeuralState,
  background: readonly Float64Array[],
  groups: readonly FeatureGroup[],
): ShapleyValues {
  return shapleyValues(medianLoadsOf(state), rowOf(state), background, groups)
}

/** The mean over the knots of the median load that rows of features would make of the service as it stands. */
export function medianLoadsOf(state: NeuralState): Together {
  const { shape } = state.weights
  const median = medianOf(shape)
  const { levels, knots } = shape
  return (rows) => {
    const tables = predictFromFeatures(
      state.weights,
      rows.map((row) => Float32Array.from(row)),
    )
    return tables.map((table) => {
      const loads = toLoads(state, table)
      let sum = 0
      for (let k = 0; k < knots.length; k++) sum += loads[k * levels.length + median]!
      return sum / knots.length
    })
  }
}
