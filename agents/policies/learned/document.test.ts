import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { actorOf } from './act.ts'
import {
  decodeWeights,
  encodeWeights,
  layersOf,
  PolicyDocument,
  policyVersion,
  weightCount,
} from './document.ts'

const plain = {
  formatVersion: 1,
  name: 'test',
  learner: 'ppo',
  features: ['size', 'pressure'],
  actions: { kind: 'discrete', stretches: [0.8, 1, 1.25] },
  provenance: { command: 'x', revision: 'x', configHash: 'x', seed: 1, steps: 1, loads: ['x'] },
} as const

/** Two inputs, a hidden layer of two, three outputs. */
const WEIGHTS = [1, -1, 0, 2, 0.5, -0.5, 1, 2, 3, -1, 0, 1, 0, 0.25, 0]
const perceptron = {
  ...plain,
  network: {
    kind: 'perceptron',
    hidden: [2],
    activation: 'relu',
    output: 'plain',
    weights: encodeWeights(WEIGHTS),
  },
}
const table = {
  ...plain,
  network: { kind: 'table', edges: [[0, 1], [0.5]], actions: [0, 1, 2, 2, 1, 0] },
}

const problemsOf = (document: unknown) =>
  PolicyDocument.safeParse(document).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )

describe('a policy document', () => {
  it('acts as its perceptron says: sums, bends, the largest output', () => {
    const actor = actorOf(PolicyDocument.parse(perceptron))
    // hidden: relu([2·1 + 1·0 + 0.5, 2·−1 + 1·2 − 0.5]) = [2.5, 0]; outputs: [2.5, 5.25, 7.5]
    expect(actor.stretch(Float64Array.of(2, 1))).toBe(1.25)
    // hidden: relu([−3 + 0.5, 3 − 0.5]) = [0, 2.5]; outputs: [−2.5, 0.25, 2.5]
    expect(actor.stretch(Float64Array.of(-3, 0))).toBe(1.25)
    // hidden: relu([0.5 − 0.5, −0.5 + 0.5]) = 0; outputs are the biases
    expect(actor.stretch(Float64Array.of(-0.5, -0.5))).toBe(1)
  })

  it('acts as its table says; a value on an edge belongs to the cell above', () => {
    const actor = actorOf(PolicyDocument.parse(table))
    expect(actor.stretch(Float64Array.of(-1, 0))).toBe(0.8)
    expect(actor.stretch(Float64Array.of(-1, 0.5))).toBe(1)
    expect(actor.stretch(Float64Array.of(0, 0))).toBe(1.25)
    expect(actor.stretch(Float64Array.of(1, 9))).toBe(0.8)
  })

  it('stretches by exp(reach · a) where the action is continuous, a cut at −1 and 1', () => {
    const weights = encodeWeights([3, 0, 0])
    const actions = { kind: 'continuous', reach: 0.5 }
    const network = { ...perceptron.network, hidden: [], weights }
    const actor = actorOf(PolicyDocument.parse({ ...plain, actions, network }))
    expect(actor.stretch(Float64Array.of(0, 5))).toBe(1)
    expect(actor.stretch(Float64Array.of(0.1, 0))).toBeCloseTo(Math.exp(0.15), 6)
    expect(actor.stretch(Float64Array.of(9, 0))).toBe(Math.exp(0.5))
    expect(actor.stretch(Float64Array.of(-9, 0))).toBe(Math.exp(-0.5))
  })

  it('has a version that changes with what acts, and with nothing else', () => {
    const version = (document: unknown) => policyVersion(PolicyDocument.parse(document))
    const other = encodeWeights([...WEIGHTS.slice(0, -1), 1])
    expect(version({ ...perceptron, name: 'b', learner: 'dqn' })).toBe(version(perceptron))
    expect(version({ ...perceptron, network: { ...perceptron.network, weights: other } })).not.toBe(
      version(perceptron),
    )
  })

  it('keeps weights to the bit of float32', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 30, noNaN: true }), (weights) => {
        expect(decodeWeights(encodeWeights(weights))).toEqual(weights)
      }),
    )
  })

  it.each([
    ['another format', { ...perceptron, formatVersion: 2 }, /formatVersion/],
    ['a feature it does not know', { ...perceptron, features: ['size', 'mood'] }, /features.1/],
    ['a feature twice', { ...perceptron, features: ['size', 'size'] }, /stands there twice/],
    [
      'weights of another shape',
      { ...perceptron, network: { ...perceptron.network, hidden: [3] } },
      /network.weights: holds 15 numbers; allowed: 21/,
    ],
    [
      'weights that are no numbers',
      {
        ...perceptron,
        network: {
          ...perceptron.network,
          weights: encodeWeights(WEIGHTS.with(4, Number.NaN)),
        },
      },
      /number 4 is NaN; allowed: finite/,
    ],
    [
      'a table of continuous actions',
      { ...table, actions: { kind: 'continuous', reach: 0.5 } },
      /actions.kind: is continuous/,
    ],
    [
      'a table with a missing cell',
      { ...table, network: { ...table.network, actions: [0, 1] } },
      /are 2; allowed: 6/,
    ],
    [
      'a table with an action that there is not',
      { ...table, network: { ...table.network, actions: [0, 1, 2, 3, 1, 0] } },
      /actions.3: is 3; allowed: 0 to 2/,
    ],
  ])('refuses %s, naming it', (_what, document, message) => {
    expect(problemsOf(document)?.join('\n')).toMatch(message)
  })

  it('counts the weights of its layers', () => {
    expect(layersOf(PolicyDocument.parse(perceptron))).toEqual([2, 2, 3])
    expect(weightCount([2, 2, 3])).toBe(WEIGHTS.length)
  })
})
