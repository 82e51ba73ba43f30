import { describe, expect, it } from 'vitest'
import { storeFloats } from '../../learning/numbers.ts'
import { learnedActor } from './act.ts'
import { PolicyDocument, policyVersion } from './document.ts'

const plain = {
  formatVersion: 1,
  name: 'test',
  learner: 'ppo',
  features: ['size', 'pressure'],
  actions: { kind: 'discrete', stretches: [0.8, 1, 1.25] },
  provenance: { command: 'x', revision: 'x', configHash: 'x', seed: 1, steps: 1, loads: ['x'] },
} as const

const stored = (weights: readonly number[]) => storeFloats(Float32Array.from(weights))
const network = (shape: object, weights: readonly number[]) => ({
  shape: { inputs: 2, outputs: 3, hidden: [], activation: 'relu', ...shape },
  weights: stored(weights),
})
/** Two inputs, a hidden layer of two, three outputs. */
const WEIGHTS = [1, -1, 0, 2, 0.5, -0.5, 1, 2, 3, -1, 0, 1, 0, 0.25, 0]
const categorical = {
  ...plain,
  rule: { kind: 'categorical', network: network({ hidden: [2] }, WEIGHTS) },
}
const table = {
  ...plain,
  rule: {
    kind: 'table',
    edges: [[0], []],
    actions: 3,
    values: stored([1, 0, 0, 0, 2, 3]),
  },
}
const BOUNDS = { low: [-1], high: [1] }
const continuous = (rule: object) => ({
  ...plain,
  actions: { kind: 'continuous', reach: 0.5 },
  rule: { ...BOUNDS, ...rule },
})
const actorOf = (document: unknown) => learnedActor(PolicyDocument.parse(document))

const problemsOf = (document: unknown) =>
  PolicyDocument.safeParse(document).error?.issues.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  )

describe('a policy document', () => {
  it('acts as its network says: sums, bends, the largest output', () => {
    const { stretch } = actorOf(categorical)
    // hidden: relu([2·1 + 1·0 + 0.5, 2·−1 + 1·2 − 0.5]) = [2.5, 0]; outputs: [2.5, 5.25, 7.5]
    expect(stretch(Float32Array.of(2, 1))).toBe(1.25)
    // hidden: relu([0.5 − 0.5, −0.5 + 0.5]) ; outputs are the biases
    expect(stretch(Float32Array.of(-0.5, -0.5))).toBe(1)
  })

  it('acts as its values say; of a duelling network the advantages', () => {
    const rule = {
      kind: 'values',
      duelling: true,
      network: network({ outputs: 4 }, [...[9, 0, 0, 1], ...[9, 0, 1, 0], ...[9, 0.5, 0, 0]]),
    }
    const { stretch } = actorOf({ ...plain, rule })
    expect(stretch(Float32Array.of(0, 0))).toBe(0.8)
    expect(stretch(Float32Array.of(0, 1))).toBe(1)
    expect(stretch(Float32Array.of(1, 0))).toBe(1.25)
  })

  it('acts as its table says', () => {
    const { stretch } = actorOf(table)
    expect(stretch(Float32Array.of(-1, 9))).toBe(0.8)
    expect(stretch(Float32Array.of(0, -9))).toBe(1.25)
  })

  it('stretches by exp(reach · a) where the action is continuous, a cut at −1 and 1', () => {
    const { stretch } = actorOf(
      continuous({
        kind: 'gaussian',
        logDeviation: [0],
        network: network({ outputs: 1 }, [3, 0, 0]),
      }),
    )
    expect(stretch(Float32Array.of(0, 5))).toBe(1)
    expect(stretch(Float32Array.of(0.125, 0))).toBeCloseTo(Math.exp(0.1875), 12)
    expect(stretch(Float32Array.of(9, 0))).toBe(Math.exp(0.5))
    expect(stretch(Float32Array.of(-9, 0))).toBe(Math.exp(-0.5))
  })

  it('takes a squashed action through tanh', () => {
    const { stretch } = actorOf(
      continuous({
        kind: 'squashed-gaussian',
        network: network({ outputs: 2 }, [1, 7, 0, 7, 0, 7]),
      }),
    )
    expect(stretch(Float32Array.of(0.5, 0))).toBeCloseTo(Math.exp(0.5 * Math.tanh(0.5)), 6)
  })

  it('says no number where its sums overflow', () => {
    const { stretch } = actorOf(
      continuous({
        kind: 'gaussian',
        logDeviation: [0],
        network: network({ outputs: 1 }, [3e38, 3e38, 0]),
      }),
    )
    expect(stretch(Float32Array.of(4, 4))).toBeNaN()
    expect(stretch(Float32Array.of(0, 0))).toBe(1)
  })

  it('has a version that changes with what acts, and with nothing else', () => {
    const version = (document: unknown) => policyVersion(PolicyDocument.parse(document))
    const other = network({ hidden: [2] }, [...WEIGHTS.slice(0, -1), 1])
    expect(version({ ...categorical, name: 'b', learner: 'dqn' })).toBe(version(categorical))
    expect(version({ ...categorical, rule: { kind: 'categorical', network: other } })).not.toBe(
      version(categorical),
    )
  })

  it.each([
    ['another format', { ...categorical, formatVersion: 2 }, /formatVersion/],
    ['a feature it does not know', { ...categorical, features: ['size', 'mood'] }, /features.1/],
    ['a feature twice', { ...categorical, features: ['size', 'size'] }, /stands there twice/],
    [
      'more features than the rule reads',
      { ...categorical, features: ['size', 'pressure', 'trend'] },
      /features: are 3; allowed with this rule: 2/,
    ],
    [
      'fewer actions than the rule knows',
      { ...categorical, actions: { kind: 'discrete', stretches: [1, 2] } },
      /actions: are 2; allowed with this rule: 3/,
    ],
    [
      'a continuous action of a rule that chooses',
      { ...table, actions: { kind: 'continuous', reach: 0.5 } },
      /actions.kind: is continuous; allowed with this rule: discrete/,
    ],
    [
      'a stretch beyond what is followed',
      { ...categorical, actions: { kind: 'discrete', stretches: [0.1, 1, 2] } },
      /actions.stretches.0/,
    ],
    [
      'weights that are no numbers',
      {
        ...categorical,
        rule: {
          kind: 'categorical',
          network: network({ hidden: [2] }, WEIGHTS.with(4, Number.NaN)),
        },
      },
      /rule.network.weights/,
    ],
    [
      'a table with a missing cell',
      { ...table, rule: { ...table.rule, values: stored([1, 2, 3]) } },
      /rule: stored numbers are 3, must be 6/,
    ],
  ])('refuses %s, naming it', (_what, document, message) => {
    expect(problemsOf(document)?.join('\n')).toMatch(message)
  })
})
