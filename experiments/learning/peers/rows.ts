/**
 * What is compared: a learner of ours on a game, and one of Stable-Baselines3 on the same, with the same settings for as
 * many steps. Settings are those of the RL Baselines3 Zoo (hyperparams/*.yml) where it has any; what ours has beyond them
 * stays at its default.
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

export const ROWS: readonly ComparisonRow[] = [
  {
    name: 'ppo-cartpole',
    game: cartPole,
    count: 8,
    steps: 100_000,
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
    steps: 100_000,
    ours: ppo({ rolloutSteps: 256, entropyWeight: 0.01 }),
    peer: { algorithm: 'PPO', arguments: { n_steps: 256, ent_coef: 0.01 } },
  },
  {
    name: 'ppo-pendulum',
    game: pendulum,
    count: 4,
    steps: 100_000,
    // the zoo's, without its state-dependent exploration, which ours does not have
    ours: ppo({ rolloutSteps: 1024, discount: 0.9, learningRate: 1e-3 }),
    peer: {
      algorithm: 'PPO',
      arguments: { n_steps: 1024, gamma: 0.9, learning_rate: 1e-3 },
    },
  },
]
