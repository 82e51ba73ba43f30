/** Trains a learner on a game, and plays episodes with what it then knows best. */
import type { Learner, Statistics } from '../../../agents/learning/learner.ts'
import { createLearner, type LearnerConfig } from '../../../agents/learning/registry.ts'
import { createGames, type Game } from '../classic/game.ts'

export interface Training {
  readonly learner: Learner
  /** Processor time of this process, seconds. */
  readonly seconds: number
}

export interface TrainingOptions {
  readonly count: number
  readonly steps: number
  readonly seed: number
  readonly onUpdate?: (statistics: Statistics) => void
}

/** The same bytes for the same arguments. */
export function trainOn(game: Game, config: LearnerConfig, options: TrainingOptions): Training {
  const { count, steps, seed, onUpdate } = options
  const environment = createGames(game, count)
  const { observationSize, actions: space } = environment
  const learner = createLearner(config, {
    observationSize,
    actions: space,
    count,
    totalSteps: steps,
    seed,
  })
  const begun = process.cpuUsage()
  let observations = environment.reset(seed)
  while (learner.steps() < steps) {
    const actions = learner.act(observations, count, { explore: true })
    const step = environment.step(actions)
    const statistics = learner.learn({ observations, actions, step })
    if (statistics) onUpdate?.(statistics)
    observations = step.observations
  }
  const { user, system } = process.cpuUsage(begun)
  return { learner, seconds: (user + system) / 1e6 }
}

/** Returns of so many whole episodes. */
export function returnsOf(game: Game, learner: Learner, episodes: number, seed: number): number[] {
  const environment = createGames(game, 1)
  const returns: number[] = []
  let observations = environment.reset(seed)
  let sum = 0
  while (returns.length < episodes) {
    const step = environment.step(learner.act(observations, 1, { explore: false }))
    observations = step.observations
    sum += step.rewards[0]!
    if (step.terminated[0] === 1 || step.truncated[0] === 1) {
      returns.push(sum)
      sum = 0
    }
  }
  return returns
}
