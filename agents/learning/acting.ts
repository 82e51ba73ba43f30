/**
 * What was learned, frozen to plain data: from observations to actions, without the learner. The greedy action of every
 * rule is a function of the observation alone.
 */
import { z } from 'zod'
import { createChance } from './chance.ts'
import { createNetwork, type Network } from './network.ts'
import { NetworkShape, weightCountOf } from './network-shape.ts'
import { checkFinite, readFloats, StoredFloats, storeFloats } from './numbers.ts'

export const StoredNetwork = z
  .strictObject({ shape: NetworkShape, weights: StoredFloats })
  .superRefine(({ shape, weights }, context) => {
    const fail = (message: string) =>
      context.addIssue({ code: 'custom', path: ['weights'], message })
    const bytes = Buffer.byteLength(weights, 'base64')
    const needed = 4 * weightCountOf(shape)
    if (bytes !== needed) fail(`are ${bytes} bytes, must be ${needed}`)
    else if (!readFloats(weights).every(Number.isFinite)) fail('must be finite')
  })
  .meta({ id: 'StoredNetwork' })
export type StoredNetwork = z.infer<typeof StoredNetwork>

/** Observations are shifted and scaled number by number, then held within ±clip. */
export const Normalization = z.strictObject({
  mean: z.array(z.number()),
  deviation: z.array(z.number().positive()),
  clip: z.number().positive(),
})
export type Normalization = z.infer<typeof Normalization>

const normalization = Normalization.nullable().default(null)
const bounds = z.array(z.number()).min(1)

export const ActingRule = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('categorical'), normalization, network: StoredNetwork })
      .meta({ description: 'Discrete; the network’s outputs are logits.' }),
    z
      .strictObject({
        kind: z.literal('values'),
        duelling: z.boolean(),
        normalization,
        network: StoredNetwork,
      })
      .meta({
        description:
          'Discrete; outputs are the value of each action or, when duelling, the state’s value, then advantages.',
      }),
    z
      .strictObject({
        kind: z.literal('gaussian'),
        normalization,
        network: StoredNetwork,
        logDeviation: z.array(z.number()).min(1),
        low: bounds,
        high: bounds,
      })
      .meta({ description: 'Continuous; outputs are means, actions are cut off at the bounds.' }),
    z
      .strictObject({
        kind: z.literal('squashed-gaussian'),
        normalization,
        network: StoredNetwork,
        low: bounds,
        high: bounds,
      })
      .meta({
        description:
          'Continuous; outputs are means, then logarithms of deviations; tanh takes them between the bounds.',
      }),
    z
      .strictObject({
        kind: z.literal('table'),
        edges: z.array(z.array(z.number())).meta({
          description:
            'By observation number: ascending borders of its cells; none: all is one cell.',
        }),
        actions: z.int().min(1),
        values: StoredFloats.meta({
          description: '[cells][actions]; the last number varies fastest.',
        }),
      })
      .meta({ description: 'Discrete; the value of each action in each cell.' }),
  ])
  .meta({ id: 'ActingRule' })
export type ActingRule = z.infer<typeof ActingRule>

export interface Actor {
  /** Actions [rows][actionWidth], the best known; overwritten by the next call. */
  act(observations: Float32Array, rows: number): Float32Array
  /** Of a rule with discrete actions: how likely each is [rows][count]; greedy rules have one 1. */
  probabilities?(observations: Float32Array, rows: number): Float32Array
}

export function storeNetwork({ shape, weights }: Network): StoredNetwork {
  return { shape, weights: storeFloats(weights) }
}

/** A network with those weights; throws a ZodError when they are none. */
export function restoreNetwork(stored: unknown, mostRows: number): Network {
  const { shape, weights } = StoredNetwork.parse(stored)
  const network = createNetwork(shape, createChance(0), { mostRows, initial: { kind: 'uniform' } })
  network.weights.set(readFloats(weights, network.weights.length))
  return network
}

export function normalize(
  { mean, deviation, clip }: Normalization,
  from: Float32Array,
  to: Float32Array,
  rows: number,
): void {
  const width = mean.length
  for (let i = 0; i < rows * width; i++) {
    const c = i % width
    to[i] = Math.min(Math.max((from[i]! - mean[c]!) / deviation[c]!, -clip), clip)
  }
}

/** `mostRows`: most observations of one call. */
export function createActor(stored: unknown, mostRows: number): Actor {
  const rule = ActingRule.parse(stored)
  return rule.kind === 'table' ? tableActor(rule) : networkActor(rule, mostRows)
}

type Rule<Kind extends ActingRule['kind']> = Extract<ActingRule, { kind: Kind }>

function networkActor(rule: Exclude<ActingRule, Rule<'table'>>, mostRows: number): Actor {
  const network = restoreNetwork(rule.network, mostRows)
  const { inputs } = network.shape
  const normal = new Float32Array(mostRows * inputs)
  const outputsOf = (observations: Float32Array, rows: number): Float32Array => {
    checkFinite('observations', observations, rows * inputs)
    if (rule.normalization) normalize(rule.normalization, observations, normal, rows)
    const outputs = network.forward(rule.normalization ? normal : observations, rows)
    checkFinite('outputs', outputs)
    return outputs
  }
  if (rule.kind === 'gaussian' || rule.kind === 'squashed-gaussian')
    return { act: (observations, rows) => boundedMeans(rule, outputsOf(observations, rows), rows) }
  const count =
    rule.kind === 'values' && rule.duelling ? network.shape.outputs - 1 : network.shape.outputs
  const scores = (observations: Float32Array, rows: number): Float32Array => {
    const outputs = outputsOf(observations, rows)
    if (count === network.shape.outputs) return outputs
    // the state's value and the mean advantage move all actions alike: the advantages decide
    return Float32Array.from(
      { length: rows * count },
      (_, i) => outputs[i + 1 + Math.floor(i / count)]!,
    )
  }
  return {
    act: (observations, rows) => largest(scores(observations, rows), rows, count),
    probabilities(observations, rows) {
      const values = scores(observations, rows)
      return rule.kind === 'categorical'
        ? softmax(values, rows, count)
        : ones(largest(values, rows, count), count)
    },
  }
}

function tableActor({ edges, actions: count, values }: Rule<'table'>): Actor {
  const cells = edges.reduce((product, borders) => product * (borders.length + 1), 1)
  const table = readFloats(values, cells * count)
  const act = (observations: Float32Array, rows: number): Float32Array => {
    checkFinite('observations', observations, rows * edges.length)
    const scores = new Float32Array(rows * count)
    for (let row = 0; row < rows; row++) {
      const at = count * cellOf(edges, observations, row * edges.length)
      scores.set(table.subarray(at, at + count), row * count)
    }
    return largest(scores, rows, count)
  }
  return { act, probabilities: (observations, rows) => ones(act(observations, rows), count) }
}

/** The cell in which the observation that begins at `at` lies: number by number, how many borders are at or below it. */
export function cellOf(
  edges: readonly (readonly number[])[],
  observations: Float32Array,
  at: number,
): number {
  let cell = 0
  for (let i = 0; i < edges.length; i++) {
    const borders = edges[i]!
    let place = 0
    while (place < borders.length && observations[at + i]! >= borders[place]!) place++
    cell = cell * (borders.length + 1) + place
  }
  return cell
}

/** By row, the index of the largest; the first of equals. */
export function largest(values: Float32Array, rows: number, columns: number): Float32Array {
  const best = new Float32Array(rows)
  for (let row = 0; row < rows; row++)
    for (let j = 1; j < columns; j++)
      if (values[row * columns + j]! > values[row * columns + best[row]!]!) best[row] = j
  return best
}

/** By row, e^x over their sum. */
export function softmax(logits: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    const at = row * columns
    let most = Number.NEGATIVE_INFINITY
    for (let j = 0; j < columns; j++) most = Math.max(most, logits[at + j]!)
    let sum = 0
    for (let j = 0; j < columns; j++) sum += Math.exp(logits[at + j]! - most)
    for (let j = 0; j < columns; j++) out[at + j] = Math.exp(logits[at + j]! - most) / sum
  }
  return out
}

function ones(chosen: Float32Array, count: number): Float32Array {
  const out = new Float32Array(chosen.length * count)
  for (let row = 0; row < chosen.length; row++) out[row * count + chosen[row]!] = 1
  return out
}

function boundedMeans(
  rule: Rule<'gaussian' | 'squashed-gaussian'>,
  outputs: Float32Array,
  rows: number,
): Float32Array {
  const { low, high } = rule
  const size = low.length
  const width = rule.network.shape.outputs
  return Float32Array.from({ length: rows * size }, (_, i) => {
    const c = i % size
    const mean = outputs[Math.floor(i / size) * width + c]!
    const [from, to] = [low[c]!, high[c]!]
    if (rule.kind === 'gaussian') return Math.min(Math.max(mean, from), to)
    return from + ((Math.tanh(mean) + 1) / 2) * (to - from)
  })
}
