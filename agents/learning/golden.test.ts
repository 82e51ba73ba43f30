/**
 * Two updates of each learner against PyTorch's own distributions, losses, gradients and Adam: golden values of
 * experiments/bench/peers/learner_golden.py, whose waves are made here again.
 */
import { describe, expect, it } from 'vitest'
import { createAdam } from './adam.ts'
import { type Chance, createChance } from './chance.ts'
import { createDistribution } from './distribution.ts'
import { DqnConfig } from './dqn-config.ts'
import { createDqnUpdate } from './dqn-update.ts'
import { createValueHead } from './duelling.ts'
import { GOLDEN } from './golden.fixture.ts'
import { createNetwork, type Network, type Parameters } from './network.ts'
import { PpoConfig } from './ppo-config.ts'
import { createPpoUpdate } from './ppo-update.ts'
import type { Batch } from './replay.ts'
import { SacConfig } from './sac-config.ts'
import { createSacUpdate } from './sac-update.ts'

const ROWS = 5
const SEEN = 2
const ACTIONS = 3
const RATE = 0.01

function wave(length: number, phase: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => scale * Math.sin(phase + 1.7 * i))
}

function network(inputs: number, outputs: number, phase: number): Network {
  const shape = { inputs, hidden: [4], outputs, activation: 'tanh' } as const
  const options = { mostRows: ROWS, initial: { kind: 'uniform' } } as const
  const made = createNetwork({ ...shape, hidden: [4] }, createChance(0), options)
  made.weights.set(wave(made.weights.length, phase, 0.8))
  return made
}

function batchOf(turn: number, others: Partial<Batch>): Batch {
  return {
    rows: ROWS,
    observations: wave(ROWS * SEEN, 0.5 + turn),
    nextObservations: wave(ROWS * SEEN, 1.5 + turn),
    actions: wave(ROWS, 2.5 + turn, 0.9),
    rewards: wave(ROWS, 3.5 + turn, 2),
    terminated: Float32Array.of(0, 1, 0, 0, 1),
    weights: new Float32Array(ROWS).fill(1),
    indices: new Int32Array(ROWS),
    ...others,
  }
}

/** The numbers that are drawn for what follows, then those for what the actor would do. */
function noiseOf(turn: number): Chance {
  const normals = [...wave(ROWS, 4.5 + turn, 1.5), ...wave(ROWS, 5.5 + turn, 1.5)]
  return { ...createChance(0), normal: () => normals.shift()! }
}

function near(seen: ArrayLike<number>, golden: readonly number[]): void {
  expect(seen).toHaveLength(golden.length)
  for (const [i, value] of golden.entries()) expect(seen[i]).toBeCloseTo(value, 5)
}

function nearAll(seen: Readonly<Record<string, number>>, golden: object): void {
  for (const [name, value] of Object.entries(golden)) expect(seen[name], name).toBeCloseTo(value, 5)
}

it('SAC comes to the same: losses, entropy and its weight, all weights', () => {
  const config = SacConfig.parse({
    kind: 'sac',
    batchSize: ROWS,
    learningRate: RATE,
    discount: 0.9,
    targetShare: 0.25,
  })
  const actor = network(SEEN, 2, 0.3)
  const critics = [network(SEEN + 1, 1, 1.1), network(SEEN + 1, 1, 2.3)] as const
  const targets = [network(SEEN + 1, 1, 0.7), network(SEEN + 1, 1, 2.9)] as const
  const entropy: Parameters = { weights: Float32Array.of(-0.5), gradients: new Float32Array(1) }
  const update = createSacUpdate({ actor, critics, targets, entropy }, config)
  const by = {
    actor: createAdam([actor]),
    critics: createAdam(critics),
    entropy: createAdam([entropy]),
  }
  for (const [turn, golden] of GOLDEN.sac.updates.entries())
    nearAll({ ...update.run(batchOf(turn, {}), by, noiseOf(turn)) }, golden)
  near(actor.weights, GOLDEN.sac.actor)
  near(entropy.weights, GOLDEN.sac.entropy)
  for (const i of [0, 1] as const) {
    near(critics[i].weights, GOLDEN.sac.critics[i]!)
    near(targets[i].weights, GOLDEN.sac.targets[i]!)
  }
})

describe.each(GOLDEN.dqn)(
  'DQN, double $double, duelling $duelling',
  ({ double, duelling, ...golden }) => {
    it('comes to the same: losses, values, norms, weights', () => {
      const config = DqnConfig.parse({
        kind: 'dqn',
        batchSize: ROWS,
        discount: 0.9,
        double,
        duelling,
      })
      const head = createValueHead(ACTIONS, duelling)
      const online = network(SEEN, head.outputs, 0.3)
      const target = network(SEEN, head.outputs, 1.9)
      const update = createDqnUpdate({ network: online, target, head }, config, ACTIONS)
      const adam = createAdam([online], { mostNorm: 0.5 })
      for (const [turn, figures] of golden.updates.entries()) {
        const batch = batchOf(turn, {
          actions: Float32Array.of(0, 2, 1, 1, 0),
          rewards: wave(ROWS, 3.5 + turn, 3),
          weights: wave(ROWS, 6.5 + turn, 0.4).map((weight) => 0.6 + weight),
        })
        nearAll({ ...update.run(batch), gradientNorm: adam.step(RATE) }, figures)
      }
      near(online.weights, golden.network)
    })
  },
)

describe.each(GOLDEN.ppo)('PPO, continuous actions $continuous', ({ continuous, ...golden }) => {
  it('comes to the same: losses, entropy, norms, weights', () => {
    const distribution = createDistribution(
      continuous
        ? { kind: 'continuous', size: 2, low: [-1, -1], high: [1, 1] }
        : { kind: 'discrete', count: ACTIONS },
      { logDeviation: 0 },
    )
    const { weights } = distribution.parameters
    weights.set([-0.3, 0.2].slice(0, weights.length))
    const policy = network(SEEN, distribution.outputs, 0.3)
    const critic = network(SEEN, 1, 1.1)
    const observations = wave(ROWS * SEEN, 0.5)
    const gathered = {
      rows: ROWS,
      observations,
      states: observations,
      actions: continuous ? wave(2 * ROWS, 2.5, 0.9) : Float32Array.of(0, 2, 1, 1, 0),
      logLikelihoods: wave(ROWS, 7.5, 0.3).map((value) => value - (continuous ? 2.5 : 1.1)),
      values: new Float32Array(ROWS),
      advantages: wave(ROWS, 8.5, 2),
      returns: wave(ROWS, 9.5, 1.5),
    }
    const config = PpoConfig.parse({ kind: 'ppo', batchSize: ROWS, epochs: 2, entropyWeight: 0.1 })
    const update = createPpoUpdate({ policy, critic, distribution }, config)
    const rates = { learningRate: RATE, clipRange: 0.2 }
    nearAll(update.run(gathered, rates, createChance(1)), golden.figures)
    near(policy.weights, golden.policy)
    near(critic.weights, golden.critic)
    near(weights, golden.logDeviation)
  })
})
