/**
 * Training in rounds: every environment plays one episode and the learner learns from it; then the policy is judged on other
 * loads. Each round begins with environments of its own, drawn by seed and round, so that between two rounds there is
 * nothing to remember but the learner: a training that was interrupted goes on to the bit.
 */
import { z } from 'zod'
import type { VectorEnvironment } from '../../../agents/learning/environment.ts'
import type { Learner } from '../../../agents/learning/learner.ts'
import { PolicyDocument } from '../../../agents/policies/learned/document.ts'
import { TrainingRound } from '../../../services/trainings/progress.ts'
import type { TrainingConfig } from './config.ts'
import { type Judge, meansOf } from './judge.ts'

/** All that a training is made of between two rounds. */
export const Checkpoint = z.strictObject({
  formatVersion: z.literal(2),
  configHash: z.string(),
  curve: z.array(TrainingRound),
  learner: z.unknown(),
  best: z.strictObject({ round: z.int(), gain: z.number(), policy: PolicyDocument }).nullable(),
})
export type Checkpoint = z.infer<typeof Checkpoint>

export interface TrainDeps {
  readonly config: TrainingConfig
  readonly configHash: string
  readonly learner: Learner
  readonly environment: VectorEnvironment
  readonly judge: Judge
  /** The policy as a document, at so many steps. */
  readonly documentOf: (learner: Learner) => PolicyDocument
}

export function firstCheckpoint(configHash: string, learner: Learner): Checkpoint {
  return { formatVersion: 2, configHash, curve: [], learner: learner.save(), best: null }
}

/** Why a training is over; undefined while it is not. */
export function endOf({ rounds, patience }: TrainingConfig, { curve, best }: Checkpoint) {
  if (curve.length >= rounds) return 'rounds' as const
  return best && curve.length - best.round >= patience ? ('patience' as const) : undefined
}

/** The rounds that are left, a checkpoint after each. `deps.learner` is put where `from` stands. */
export function* train(deps: TrainDeps, from: Checkpoint): Generator<Checkpoint> {
  const { config, learner } = deps
  learner.restore(from.learner)
  let now = from
  while (endOf(config, now) === undefined) {
    const round = playRound(deps, now.curve.length + 1)
    const { best } = now
    const isBetter = best === null || round.gain > best.gain
    now = {
      ...now,
      curve: [...now.curve, round],
      learner: learner.save(),
      best: isBetter
        ? { round: round.round, gain: round.gain, policy: deps.documentOf(learner) }
        : best,
    }
    yield now
  }
}

function playRound(
  { config, learner, environment, judge }: TrainDeps,
  round: number,
): TrainingRound {
  let observations = environment.reset(config.seed * 100_003 + round)
  const returns = new Float64Array(environment.count)
  let statistics: Readonly<Record<string, number>> = {}
  for (let tick = 0; tick < config.episodeTicks; tick++) {
    const actions = learner.act(observations, environment.count, { explore: true })
    const step = environment.step(actions)
    statistics = learner.learn({ observations, actions, step }) ?? statistics
    for (let i = 0; i < returns.length; i++) returns[i]! += step.rewards[i]! / config.episodeTicks
    observations = step.observations
  }
  const { each, ...means } = judge.judge((seen, rows) =>
    learner.act(seen, rows, { explore: false }),
  )
  return {
    round,
    steps: learner.steps(),
    explored: mean(returns),
    exploredDeviation: deviation(returns),
    ...means,
    objectives: config.objectives.map((objective) => ({
      objective,
      ...meansOf(each.filter((one) => one.objective === objective)),
    })),
    statistics: { ...statistics },
  }
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

function deviation(values: Float64Array): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
}
