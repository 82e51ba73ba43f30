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

export interface ComparisonRow {
  readonly name: string
  readonly game: Game
  /** Environments that each learns from at a time. */
  readonly count: number
  readonly steps: number
  readonly ours: LearnerConfig
  readonly peer: {
    readonly algorithm: 'DQN' | 'PPO' | 'SAC'
    readonly arguments: Readonly<Record<string, unknown>>
  }
}

const ppo = (settings: object): LearnerConfig => LearnerConfig.parse({ kind: 'ppo', ...settings })

const FROZEN_LAKE_DQN: ComparisonRow['peer'] = {
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
    game: cartPole,
    count: 8,
    steps: 102_400,
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
    game: frozenLake,
    count: 8,
    steps: 102_400,
    ours: ppo({ rolloutSteps: 256, entropyWeight: 0.01 }),
    peer: { algorithm: 'PPO', arguments: { n_steps: 256, ent_coef: 0.01 } },
  },
  {
    name: 'ppo-pendulum',
    game: pendulum,
    count: 4,
    steps: 102_400,
    // the zoo's, without its state-dependent exploration, which ours does not have
    ours: ppo({ rolloutSteps: 1024, discount: 0.9, learningRate: 1e-3 }),
    peer: {
      algorithm: 'PPO',
      arguments: { n_steps: 1024, gamma: 0.9, learning_rate: 1e-3 },
    },
  },
  {
    name: 'dqn-cartpole',
    game: cartPole,
    count: 1,
    steps: 50_000,
    // double and duelling; updates come 128 at once, for which the zoo's learning rate is: drawn evenly, as the peer does
    ours: LearnerConfig.parse({
      kind: 'dqn',
      prioritisation: 0,
      learningRate: 2.3e-3,
      batchSize: 64,
      learningStarts: 1000,
      learnEvery: 256,
      gradientSteps: 128,
      targetEvery: 10,
      exploration: { fraction: 0.16, last: 0.04 },
    }),
    peer: {
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
      },
    },
  },
  {
    name: 'dqn-frozenlake',
    game: frozenLake,
    count: 1,
    steps: 50_000,
    // double, duelling and prioritised
    ours: LearnerConfig.parse({
      kind: 'dqn',
      learningRate: 5e-4,
      batchSize: 64,
      targetEvery: 500,
      exploration: { fraction: 0.5 },
    }),
    peer: FROZEN_LAKE_DQN,
  },
  {
    name: 'q-learning-frozenlake',
    game: frozenLake,
    count: 1,
    steps: 50_000,
    ours: LearnerConfig.parse({ kind: 'q-learning' }),
    // it has no table; this is its learner of action values
    peer: FROZEN_LAKE_DQN,
  },
  {
    name: 'sac-pendulum',
    game: pendulum,
    count: 1,
    steps: 10_000,
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
