/**
 * A trained network's forecast of one service, or of many at once: features of its past in, quantiles at the knots out.
 * The newest forecast of every state is remembered until the state moves on.
 */
import { KNOT_FEATURES, type Target, writeKnots, writeWindow } from './features.ts'
import {
  createKernelNetwork,
  createSingleForecaster,
  type SingleForecaster,
} from './kernel-network.ts'
import { type Batch, emptyBatch, type Network } from './network.ts'
import type { Past, Scaling } from './past.ts'
import type { NeuralShape } from './shape.ts'
import { type NeuralWeights, parametersOf } from './weights.ts'

/** A service as a network sees it. */
export interface NeuralSubject extends Past {
  readonly weights: NeuralWeights
  readonly scaling: Scaling
}

/** In the network's unit: √load = anchor + spread of the knot · value. */
export interface Outputs {
  /** [knots][levels] */
  readonly quantiles: Float32Array
  /** [knots]: what the medians depart from. */
  readonly baseline: Float32Array
}

interface Remembered extends Outputs {
  readonly count: number
}

/** States forecast together by `forecastMany`. */
const TOGETHER = 64

const remembered = new WeakMap<NeuralSubject, Remembered>()
const singles = new WeakMap<NeuralWeights, SingleForecaster>()
const groups = new WeakMap<NeuralWeights, { readonly network: Network; readonly batch: Batch }>()

function singleOf(weights: NeuralWeights): SingleForecaster {
  let single = singles.get(weights)
  if (!single) {
    single = createSingleForecaster(weights.shape, parametersOf(weights))
    singles.set(weights, single)
  }
  return single
}

/** The network on batches of `TOGETHER` samples. */
function groupOf(weights: NeuralWeights): { readonly network: Network; readonly batch: Batch } {
  let group = groups.get(weights)
  if (!group) {
    const network = createKernelNetwork(weights.shape, TOGETHER)
    network.load(parametersOf(weights))
    group = { network, batch: emptyBatch(weights.shape, TOGETHER) }
    groups.set(weights, group)
  }
  return group
}

/** The same object until the subject's `count` moves on; not to be written. */
export function forecastOf(subject: NeuralSubject): Outputs {
  const known = remembered.get(subject)
  if (known?.count === subject.count) return known
  const { shape } = subject.weights
  const single = singleOf(subject.weights)
  const target = targetOfSingle(single)
  writeWindow(subject, subject.scaling, shape, target)
  writeKnots(subject, subject.scaling, shape, shape.knots, target)
  const made = {
    count: subject.count,
    quantiles: knotsFirst(single.forecast(), shape, single.knotLanes),
    baseline: single.baseline.slice(0, shape.knots.length),
  }
  remembered.set(subject, made)
  return made
}

function targetOfSingle({ inputs, knotInput, baseline, knotLanes }: SingleForecaster): Target {
  return {
    inputs,
    knotInput,
    baseline,
    inputStride: 1,
    featureStride: knotLanes,
    knotStride: 1,
    baselineStride: 1,
    offset: 0,
  }
}

/** [levels][knotLanes] → [knots][levels] */
function knotsFirst(table: Float32Array, shape: NeuralShape, knotLanes: number): Float32Array {
  const levels = shape.levels.length
  const out = new Float32Array(shape.knots.length * levels)
  for (let k = 0; k < shape.knots.length; k++)
    for (let j = 0; j < levels; j++) out[k * levels + j] = table[j * knotLanes + k]!
  return out
}

/** Forecasts those subjects that have moved on since their last forecast, many at a time; `forecastOf` then knows them. */
export function forecastMany(subjects: readonly NeuralSubject[]): void {
  const byWeights = Map.groupBy(
    subjects.filter((subject) => remembered.get(subject)?.count !== subject.count),
    ({ weights }) => weights,
  )
  for (const [weights, members] of byWeights)
    for (let from = 0; from < members.length; from += TOGETHER)
      forecastGroup(weights, members.slice(from, from + TOGETHER))
}

function forecastGroup(weights: NeuralWeights, members: readonly NeuralSubject[]): void {
  const { network, batch } = groupOf(weights)
  const { shape } = weights
  members.forEach((member, lane) => {
    const target: Target = {
      ...{ inputs: batch.inputs, knotInput: batch.knotInput, baseline: batch.baseline },
      ...{ inputStride: TOGETHER, featureStride: TOGETHER, baselineStride: TOGETHER },
      knotStride: KNOT_FEATURES * TOGETHER,
      offset: lane,
    }
    writeWindow(member, member.scaling, shape, target)
    writeKnots(member, member.scaling, shape, shape.knots, target)
  })
  const table = network.forward(batch)
  members.forEach((member, lane) => {
    remembered.set(member, {
      count: member.count,
      quantiles: laneOf(table, lane),
      baseline: laneOf(batch.baseline, lane),
    })
  })
}

function laneOf(table: Float32Array, lane: number): Float32Array {
  const out = new Float32Array(table.length / TOGETHER)
  for (let i = 0; i < out.length; i++) out[i] = table[i * TOGETHER + lane]!
  return out
}

/** What the network sees of a subject, in the order of `featureNames`. */
export function featuresOf(subject: NeuralSubject): Float32Array {
  const { shape } = subject.weights
  const single = singleOf(subject.weights)
  const target = targetOfSingle(single)
  writeWindow(subject, subject.scaling, shape, target)
  writeKnots(subject, subject.scaling, shape, shape.knots, target)
  const knots = shape.knots.length
  const out = new Float32Array(featureCountOf(shape))
  out.set(single.inputs)
  const from = single.inputs.length
  for (let k = 0; k < knots; k++) {
    for (let f = 0; f < KNOT_FEATURES; f++)
      out[from + k * KNOT_FEATURES + f] = single.knotInput[f * single.knotLanes + k]!
    out[from + knots * KNOT_FEATURES + k] = single.baseline[k]!
  }
  return out
}

function featureCountOf({ window, inputs, knots }: NeuralShape): number {
  return window * inputs + knots.length * (KNOT_FEATURES + 1)
}

/**
 * Quantiles [knots][levels] in the network's unit, one table a row of features (in the order of `featureNames`): for
 * those who ask what a feature does by changing it. Throws when a row has the wrong length.
 */
export function predictFromFeatures(
  weights: NeuralWeights,
  rows: readonly Float32Array[],
): Float32Array[] {
  const { network, batch } = groupOf(weights)
  const count = featureCountOf(weights.shape)
  const out: Float32Array[] = []
  for (let from = 0; from < rows.length; from += TOGETHER) {
    const together = rows.slice(from, from + TOGETHER)
    together.forEach((row, lane) => {
      if (row.length !== count)
        throw new RangeError(`a row has ${row.length} features, must have ${count}`)
      let at = 0
      for (const table of [batch.inputs, batch.knotInput, batch.baseline])
        for (let i = lane; i < table.length; i += TOGETHER) table[i] = row[at++]!
    })
    const table = network.forward(batch)
    together.forEach((_, lane) => {
      out.push(laneOf(table, lane))
    })
  }
  return out
}
