/**
 * Soft actor–critic (Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications"): learns from all that it has
 * seen, keeps a share of chance in its actions, and finds by itself how large. Actions are scaled to −1 … 1 for the
 * learner, which therefore acts the same in whatever units its environment counts.
 */
import { z } from 'zod'
import { storeNetwork } from './acting.ts'
import { AdamState, createAdam } from './adam.ts'
import { type Chance, ChanceState, createChance } from './chance.ts'
import type { ActionSpace } from './environment.ts'
import type { Learner, LearnerSetting, Statistics } from './learner.ts'
import { createNetwork, type Network } from './network.ts'
import { checkFinite, readFloats, StoredFloats, storeFloats } from './numbers.ts'
import { meanOf, timesDue } from './pace.ts'
import { createReplay, SavedReplay } from './replay.ts'
import type { SacConfig } from './sac-config.ts'
import { createSacUpdate, type SacOptimisers, type SacParts } from './sac-update.ts'
import { createSquashedGaussian } from './squashed-gaussian.ts'
import { emptyTransitions, readExperience } from './transitions.ts'

const SavedSac = z.strictObject({
  kind: z.literal('sac'),
  steps: z.int().min(0),
  chance: ChanceState,
  weights: z.strictObject({
    actor: StoredFloats,
    critics: z.tuple([StoredFloats, StoredFloats]),
    targets: z.tuple([StoredFloats, StoredFloats]),
    entropy: StoredFloats,
  }),
  adam: z.strictObject({ actor: AdamState, critics: AdamState, entropy: AdamState }),
  replay: SavedReplay,
})

export function createSac(config: SacConfig, setting: LearnerSetting): Learner {
  const { observationSize, actions, count } = setting
  if (actions.kind !== 'continuous')
    throw new RangeError(`actions are ${actions.kind}, must be continuous for sac`)
  const scale = createScale(actions)
  let chance = createChance(setting.seed)
  const parts = createParts(config, setting, actions.size, chance)
  const { actor } = parts
  const update = createSacUpdate(parts, config)
  const policy = createSquashedGaussian(actions.size, actor.mostRows)
  const newReplay = () => createReplay(setting, { capacity: config.capacity, prioritisation: 0 })
  const adam = optimisersOf(parts)
  let replay = newReplay()
  let steps = 0
  const seen = emptyTransitions(setting, count)

  const explore = (outputs: Float32Array, rows: number): Float32Array => {
    // drawn evenly at first, so that what is remembered begins with everything
    if (steps < config.learningStarts)
      for (let i = 0; i < rows * actions.size; i++) policy.actions[i] = 2 * chance.uniform() - 1
    else policy.draw(outputs, rows, chance)
    return scale.toEnvironment(policy.actions, rows)
  }

  return {
    kind: 'sac',
    steps: () => steps,
    act(observations, rows, how) {
      checkFinite('observations', observations, rows * observationSize)
      const outputs = actor.forward(observations, rows)
      checkFinite('outputs of the actor', outputs)
      return how.explore ? explore(outputs, rows) : scale.likeliest(outputs, rows)
    },
    learn(experience): Statistics | undefined {
      readExperience(experience, setting, seen)
      scale.fromEnvironment(seen.actions)
      replay.add(seen)
      const before = steps
      steps += count
      const due = steps < config.learningStarts ? 0 : timesDue(before, steps, config.learnEvery)
      if (due === 0) return undefined
      return meanOf(due * config.gradientSteps, () => ({
        ...update.run(replay.draw(config.batchSize, 0, chance), adam, chance),
      }))
    },
    rule: () => ({
      kind: 'squashed-gaussian',
      normalization: null,
      network: storeNetwork(actor),
      low: [...actions.low],
      high: [...actions.high],
    }),
    save: (): z.infer<typeof SavedSac> => ({
      kind: 'sac',
      steps,
      chance: chance.save(),
      weights: storeWeights(parts),
      adam: {
        actor: adam.actor.save(),
        critics: adam.critics.save(),
        entropy: adam.entropy.save(),
      },
      replay: replay.save(),
    }),
    restore(state) {
      const saved = SavedSac.parse(state)
      const commitWeights = readWeights(saved.weights, parts)
      const commits = [
        commitWeights,
        adam.actor.read(saved.adam.actor),
        adam.critics.read(saved.adam.critics),
        adam.entropy.read(saved.adam.entropy),
      ]
      const savedReplay = newReplay()
      savedReplay.restore(saved.replay)
      // nothing fails from here on
      for (const commit of commits) commit()
      replay = savedReplay
      steps = saved.steps
      chance = createChance(saved.chance)
    },
  }
}

function createParts(
  { hidden, activation, batchSize }: SacConfig,
  { observationSize, count }: LearnerSetting,
  size: number,
  chance: Chance,
): SacParts {
  const network = (inputs: number, outputs: number): Network =>
    createNetwork({ inputs, hidden, outputs, activation }, chance, {
      mostRows: Math.max(batchSize, count),
      initial: { kind: 'uniform' },
    })
  const actor = network(observationSize, 2 * size)
  const critic = () => network(observationSize + size, 1)
  const parts = {
    actor,
    critics: [critic(), critic()],
    targets: [critic(), critic()],
    // α begins at 1
    entropy: { weights: new Float32Array(1), gradients: new Float32Array(1) },
  } as const
  parts.targets.forEach((target, i) => {
    target.weights.set(parts.critics[i]!.weights)
  })
  return parts
}

function optimisersOf({ actor, critics, entropy }: SacParts): SacOptimisers {
  return {
    actor: createAdam([actor]),
    critics: createAdam(critics),
    entropy: createAdam([entropy]),
  }
}

type Weights = z.infer<typeof SavedSac>['weights']

function storeWeights({ actor, critics, targets, entropy }: SacParts): Weights {
  const pair = ([first, second]: readonly [Network, Network]): [string, string] => [
    storeFloats(first.weights),
    storeFloats(second.weights),
  ]
  return {
    actor: storeFloats(actor.weights),
    critics: pair(critics),
    targets: pair(targets),
    entropy: storeFloats(entropy.weights),
  }
}

/** Throws a RangeError when they do not fit; what it returns puts them in. */
function readWeights(saved: Weights, { actor, critics, targets, entropy }: SacParts): () => void {
  const stored = [saved.actor, ...saved.critics, ...saved.targets, saved.entropy]
  const parts = [actor, ...critics, ...targets, entropy]
  const read = parts.map(({ weights }, i) => readFloats(stored[i]!, weights.length))
  return () => {
    parts.forEach(({ weights }, i) => {
      weights.set(read[i]!)
    })
  }
}

/** Between −1 … 1 and what the environment takes. */
function createScale({ size, low, high }: Extract<ActionSpace, { kind: 'continuous' }>) {
  const outward = (value: number, j: number): number => {
    const [least, most] = [low[j]!, high[j]!]
    return Math.min(Math.max(least + ((value + 1) / 2) * (most - least), least), most)
  }
  return {
    toEnvironment: (actions: Float32Array, rows: number) =>
      Float32Array.from({ length: rows * size }, (_, i) => outward(actions[i]!, i % size)),
    /** The actions at the means of `outputs` [rows][2·size]. */
    likeliest: (outputs: Float32Array, rows: number) =>
      Float32Array.from({ length: rows * size }, (_, i) => {
        const mean = outputs[2 * size * Math.floor(i / size) + (i % size)]!
        return outward(Math.tanh(mean), i % size)
      }),
    /** In place. */
    fromEnvironment(actions: Float32Array): void {
      for (let i = 0; i < actions.length; i++) {
        const [least, most] = [low[i % size]!, high[i % size]!]
        actions[i] = (2 * (actions[i]! - least)) / (most - least) - 1
      }
    },
  }
}
