/** Golden values: PyTorch's, of experiments/bench/peers/sac_golden.py, whose waves are made here again. */
import { expect, it } from 'vitest'
import { createAdam } from './adam.ts'
import { type Chance, createChance } from './chance.ts'
import { createNetwork, type Network, type Parameters } from './network.ts'
import type { Batch } from './replay.ts'
import { SacConfig } from './sac-config.ts'
import { GOLDEN } from './sac-update.fixture.ts'
import { createSacUpdate } from './sac-update.ts'

const ROWS = 5
const SEEN = 2

function wave(length: number, phase: number, scale = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => scale * Math.sin(phase + 1.7 * i))
}

function network(inputs: number, outputs: number, phase: number): Network {
  const made = createNetwork(
    { inputs, hidden: [4], outputs, activation: 'tanh' },
    createChance(0),
    {
      mostRows: ROWS,
      initial: { kind: 'uniform' },
    },
  )
  made.weights.set(wave(made.weights.length, phase, 0.8))
  return made
}

function batchOf(turn: number): Batch {
  return {
    rows: ROWS,
    observations: wave(ROWS * SEEN, 0.5 + turn),
    nextObservations: wave(ROWS * SEEN, 1.5 + turn),
    actions: wave(ROWS, 2.5 + turn, 0.9),
    rewards: wave(ROWS, 3.5 + turn, 2),
    terminated: Float32Array.of(0, 1, 0, 0, 1),
    weights: new Float32Array(ROWS).fill(1),
    indices: new Int32Array(ROWS),
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

it('two updates of SAC come to what PyTorch has: losses, entropy and its weight, all weights', () => {
  const config = SacConfig.parse({
    kind: 'sac',
    batchSize: ROWS,
    learningRate: 0.01,
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
  for (const [turn, golden] of GOLDEN.updates.entries()) {
    const figures = update.run(batchOf(turn), by, noiseOf(turn))
    for (const name of ['criticLoss', 'actorLoss', 'entropy', 'entropyWeight'] as const)
      expect(figures[name], name).toBeCloseTo(golden[name], 5)
  }
  near(actor.weights, GOLDEN.actor)
  near(entropy.weights, GOLDEN.entropy)
  for (const i of [0, 1] as const) {
    near(critics[i].weights, GOLDEN.critics[i]!)
    near(targets[i].weights, GOLDEN.targets[i]!)
  }
})
