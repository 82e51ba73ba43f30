/**
 * What is compared: a learner of ours on a game, and one of Stable-Baselines3 on the same, with the same settings for as
 * many steps. Settings are those of the RL Baselines3 Zoo (hyperparams/*.yml) where it has any; what ours has beyond them
 * stays at its default. PPO learns from whole rollouts, so its steps are a multiple of one.
 */
import { LearnerConfig } from '../../../agents/learning/registry.ts'
import { cartPole } from '../classic/cart-pole.ts'
import { frozenLake } from '../classic/frozen-lake.ts'
import type { Game } from '../classic/game.ts'
import { pendulum } from '../classic/pendulum.ts'
import { bestFrozenLake } from './best.ts'

export interface ComparisonRow {
  readonly name: string
  readonly game: Game
  /** Environments that each learns from at a time. */
  readonly count: number
  readonly steps: number
  /** Of each training whose speed is measured. */
  readonly speedSteps: number
  /** Episodes that a trained learner is judged by: many where a return is 0 or 1. */
  readonly episodes: number
  /** The most that can be earned, where that is known. */
  readonly best?: number
  readonly ours: LearnerConfig
  readonly peer: {
    readonly algorithm: 'DQN' | 'PPO' | 'SAC'
    readonly arguments: Readonly<Record<string, unknown>>
  }
}

const CART_POLE = { game: cartPole, episodes: 100, best: cartPole.timeLimit }
const FROZEN_LAKE = { game: frozenLake, episodes: 500, best: bestFrozenLake() }
const PENDULUM = { game: pendulum, episodes: 100 }

const PPO = { steps: 102_400, speedSteps: 24_576 }
const DQN = { count: 1, steps: 50_000, speedSteps: 10_000 }

const ppo = (settings: object): LearnerConfig => LearnerConfig.parse({ kind: 'ppo', ...settings })
const dqn = (settings: object): LearnerConfig => LearnerConfig.parse({ kind: 'dqn', ...settings })

/** What the peer has not. */
const PLAIN = { double: false, duelling: false, prioritisation: 0 }

/** The zoo's. */
const CART_POLE_DQN = {
  learningRate: 2.3e-3,
  batchSize: 64,
  learningStarts: 1000,
  learnEvery: 256,
  gradientSteps: 128,
  targetEvery: 10,
  exploration: { fraction: 0.16, last: 0.04 },
  hidden: [256, 256],
}
const CART_POLE_DQN_PEER: ComparisonRow['peer'] = {
  algorithm: 'DQN',
  arguments: {
    learning_rate: 2.3e-3,
    batch_size: 64,
    buffer_size: 100_000,
    learning_starts: 1000,
    train_freq: 256,
    gradient_steps: 128,
    target_update_interval: 10,
    exploration_fraction: 0.16,
    exploration_final_eps: 0.04,
    policy_kwargs: { net_arch: [256, 256] },
  },
}

const FROZEN_LAKE_DQN = {
  learningRate: 5e-4,
  batchSize: 64,
  targetEvery: 500,
  exploration: { fraction: 0.5 },
}
const FROZEN_LAKE_DQN_PEER: ComparisonRow['peer'] = {
  algorithm: 'DQN',
  arguments: {
    learning_rate: 5e-4,
    batch_size: 64,
    buffer_size: 100_000,
    target_update_interval: 500,
    exploration_fraction: 0.5,
  },
}

export const ROWS: readonly ComparisonRow[] = [
  {
    name: 'ppo-cartpole',
    ...CART_POLE,
    ...PPO,
    count: 8,
    ours: ppo({
      rolloutSteps: 32,
      batchSize: 256,
      epochs: 20,
      discount: 0.98,
      lambda: 0.8,
      learningRate: 1e-3,
      annealing: 'linear',
    }),
    peer: {
      algorithm: 'PPO',
      arguments: {
        n_steps: 32,
        batch_size: 256,
        n_epochs: 20,
        gamma: 0.98,
        gae_lambda: 0.8,
        learning_rate: 'lin_0.001',
        clip_range: 'lin_0.2',
      },
    },
  },
  {
    name: 'ppo-frozenlake',
    ...FROZEN_LAKE,
    ...PPO,
    count: 8,
    ours: ppo({ rolloutSteps: 256, entropyWeight: 0.01 }),
    peer: { algorithm: 'PPO', arguments: { n_steps: 256, ent_coef: 0.01 } },
  },
  {
    name: 'ppo-pendulum',
    ...PENDULUM,
    ...PPO,
    count: 4,
    // the zoo's, without its state-dependent exploration, which ours does not have
    ours: ppo({ rolloutSteps: 1024, discount: 0.9, learningRate: 1e-3 }),
    peer: {
      algorithm: 'PPO',
      arguments: { n_steps: 1024, gamma: 0.9, learning_rate: 1e-3 },
    },
  },
  {
    name: 'dqn-cartpole',
    ...CART_POLE,
    ...DQN,
    ours: dqn({ ...PLAIN, ...CART_POLE_DQN }),
    peer: CART_POLE_DQN_PEER,
  },
  {
    // double and duelling; drawn evenly: the zoo's learning rate is for that
    name: 'dqn-improved-cartpole',
    ...CART_POLE,
    ...DQN,
    ours: dqn({ prioritisation: 0, ...CART_POLE_DQN }),
    peer: CART_POLE_DQN_PEER,
  },
  {
    name: 'dqn-frozenlake',
    ...FROZEN_LAKE,
    ...DQN,
    ours: dqn({ ...PLAIN, ...FROZEN_LAKE_DQN }),
    peer: FROZEN_LAKE_DQN_PEER,
  },
  {
    // double, duelling and prioritised
    name: 'dqn-improved-frozenlake',
    ...FROZEN_LAKE,
    ...DQN,
    ours: dqn(FROZEN_LAKE_DQN),
    peer: FROZEN_LAKE_DQN_PEER,
  },
  {
    name: 'q-learning-frozenlake',
    ...FROZEN_LAKE,
    ...DQN,
    ours: LearnerConfig.parse({ kind: 'q-learning' }),
    // it has no table; this is its learner of action values
    peer: FROZEN_LAKE_DQN_PEER,
  },
  {
    name: 'sac-pendulum',
    ...PENDULUM,
    count: 1,
    steps: 10_000,
    speedSteps: 2000,
    // the zoo's, with smaller networks and half of its steps
    ours: LearnerConfig.parse({
      kind: 'sac',
      capacity: 10_000,
      learningRate: 1e-3,
      hidden: [64, 64],
    }),
    peer: {
      algorithm: 'SAC',
      arguments: {
        buffer_size: 10_000,
        learning_rate: 1e-3,
        policy_kwargs: { net_arch: [64, 64] },
      },
    },
  },
]
