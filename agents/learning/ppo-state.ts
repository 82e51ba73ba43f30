/** What PPO is made of and remembers, and how all of it is put aside and taken up again. */
import { z } from 'zod'
import { AdamState } from './adam.ts'
import { type Chance, ChanceState, createChance } from './chance.ts'
import { createDistribution } from './distribution.ts'
import type { LearnerSetting } from './learner.ts'
import { createNetwork } from './network.ts'
import { createNormalizer, type Normalizer, NormalizerState } from './normalizer.ts'
import { readFloats, StoredFloats, storeFloats } from './numbers.ts'
import type { PpoParts } from './ppo-batch.ts'
import type { PpoConfig } from './ppo-config.ts'
import { createPpoUpdate, type PpoUpdate } from './ppo-update.ts'
import { createRewardScale, type RewardScale, RewardScaleState } from './reward-scale.ts'
import { createRollout, type Rollout, SavedRollout } from './rollout.ts'

const SavedPending = z.strictObject({
  observations: StoredFloats,
  actions: StoredFloats,
  logLikelihoods: StoredFloats,
  values: StoredFloats,
})

/** Of actions that are not yet learned from: what the networks saw, what was drawn, as it was drawn. */
export type Pending = Readonly<Record<keyof typeof SavedPending.shape, Float32Array>>

const SavedPpo = z.strictObject({
  kind: z.literal('ppo'),
  steps: z.int().min(0),
  chance: ChanceState,
  policy: StoredFloats,
  critic: StoredFloats,
  distribution: StoredFloats,
  adam: AdamState,
  rollout: SavedRollout,
  seen: NormalizerState,
  rewards: RewardScaleState,
  pending: SavedPending.nullable(),
})
type SavedPpo = z.infer<typeof SavedPpo>

export interface PpoState extends PpoParts {
  readonly update: PpoUpdate
  readonly rollout: Rollout
  readonly seen: Normalizer
  readonly rewards: RewardScale
  /** Most rows of one call of the networks. */
  readonly mostRows: number
  chance: Chance
  steps: number
  pending: Pending | undefined
}

/** Deviations beyond which a normalised number is held. */
const CLIP = 10

export function firstState(config: PpoConfig, setting: LearnerSetting): PpoState {
  const { observationSize, actions, count, seed } = setting
  const { hidden, activation, batchSize, rolloutSteps } = config
  const chance = createChance(seed)
  const mostRows = Math.max(batchSize, count)
  const network = (inputs: number, outputs: number, outputGain: number) =>
    createNetwork({ inputs, hidden, outputs, activation }, chance, {
      mostRows,
      initial: { kind: 'orthogonal', hiddenGain: Math.SQRT2, outputGain },
    })
  const distribution = createDistribution(actions, config)
  const policy = network(policySizeOf(config, observationSize), distribution.outputs, 0.01)
  const critic = network(observationSize, 1, 1)
  const parts = { policy, critic, distribution }
  return {
    ...parts,
    update: createPpoUpdate(parts, config),
    rollout: createRollout({
      steps: rolloutSteps,
      count,
      observationSize,
      actionWidth: distribution.width,
    }),
    seen: createNormalizer(observationSize, CLIP),
    rewards: createRewardScale(count, config.discount, CLIP),
    mostRows,
    chance,
    steps: 0,
    pending: undefined,
  }
}

function policySizeOf({ policyInputs }: PpoConfig, observationSize: number): number {
  if (policyInputs === null) return observationSize
  if (policyInputs <= observationSize) return policyInputs
  throw new RangeError(`policyInputs is ${policyInputs}, must be at most ${observationSize}`)
}

export function saveState(state: PpoState): SavedPpo {
  const { pending } = state
  return {
    kind: 'ppo',
    steps: state.steps,
    chance: state.chance.save(),
    policy: storeFloats(state.policy.weights),
    critic: storeFloats(state.critic.weights),
    distribution: storeFloats(state.distribution.parameters.weights),
    adam: state.update.adam.save(),
    rollout: state.rollout.save(),
    seen: state.seen.save(),
    rewards: state.rewards.save(),
    pending: pending
      ? {
          observations: storeFloats(pending.observations),
          actions: storeFloats(pending.actions),
          logLikelihoods: storeFloats(pending.logLikelihoods),
          values: storeFloats(pending.values),
        }
      : null,
  }
}

/** All is read into a fresh one first, so that what does not fit leaves `state` as it was. */
export function restoreState(state: PpoState, fresh: PpoState, stored: unknown): void {
  const saved = SavedPpo.parse(stored)
  for (const target of [fresh, state]) {
    const { policy, critic, distribution, rollout } = target
    const { weights } = distribution.parameters
    policy.weights.set(readFloats(saved.policy, policy.weights.length))
    critic.weights.set(readFloats(saved.critic, critic.weights.length))
    weights.set(readFloats(saved.distribution, weights.length))
    target.update.adam.read(saved.adam)()
    rollout.restore(saved.rollout)
    target.seen.restore(saved.seen)
    target.rewards.restore(saved.rewards)
    target.chance = createChance(saved.chance)
    target.steps = saved.steps
    target.pending = saved.pending ? readPending(saved.pending, target) : undefined
  }
}

function readPending(
  saved: z.infer<typeof SavedPending>,
  { rollout, critic, distribution }: PpoState,
): Pending {
  const { count } = rollout
  return {
    observations: readFloats(saved.observations, count * critic.shape.inputs),
    actions: readFloats(saved.actions, count * distribution.width),
    logLikelihoods: readFloats(saved.logLikelihoods, count),
    values: readFloats(saved.values, count),
  }
}
