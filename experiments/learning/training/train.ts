/**
 * Training in rounds: every environment plays one episode and the learner learns from it; then the policy is judged on other
 * loads. Each round begins with environments of its own, drawn by seed and round, so that between two rounds there is
 * nothing to remember but the learner: a training that was interrupted goes on to the bit.
 */
import { z } from 'zod'
import type { VectorEnvironment } from '../../../agents/learning/environment.ts'
import type { Learner } from '../../../agents/learning/learner.ts'
import { PolicyDocument } from '../../../agents/policies/learned/document.ts'
import type { TrainingConfig } from './config.ts'
import { type Judge, meansOf } from './judge.ts'

const Objective = z.strictObject({
  objective: z.number(),
  reward: z.number(),
  gain: z.number(),
  plainGain: z.number(),
  costRatio: z.number(),
  violations: z.number(),
  plainViolations: z.number(),
})

/** What a round brought. */
export const Round = z.strictObject({
  round: z.int().min(1),
  steps: z.int().min(0),
  /** Mean reward of a step while learning, and of the judgement after it. */
  explored: z.number(),
  reward: z.number(),
  gain: z.number(),
  plainGain: z.number(),
  costRatio: z.number(),
  violations: z.number(),
  plainViolations: z.number(),
  objectives: z.array(Objective),
  /** Of the learner's last update, by name. */
  statistics: z.record(z.string(), z.number()),
})
export type Round = z.infer<typeof Round>

/** All that a training is made of between two rounds. */
export const Checkpoint = z.strictObject({
  formatVersion: z.literal(1),
  configHash: z.string(),
  curve: z.array(Round),
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
  return { formatVersion: 1, configHash, curve: [], learner: learner.save(), best: null }
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

function playRound({ config, learner, environment, judge }: TrainDeps, round: number): Round {
  let observations = environment.reset(config.seed * 100_003 + round)
  let sum = 0
  let statistics: Readonly<Record<string, number>> = {}
  for (let tick = 0; tick < config.episodeTicks; tick++) {
    const actions = learner.act(observations, environment.count, { explore: true })
    const step = environment.step(actions)
    statistics = learner.learn({ observations, actions, step }) ?? statistics
    for (const reward of step.rewards) sum += reward
    observations = step.observations
  }
  const { each, ...means } = judge.judge((seen, rows) =>
    learner.act(seen, rows, { explore: false }),
  )
  return {
    round,
    steps: learner.steps(),
    explored: sum / (config.episodeTicks * environment.count),
    ...means,
    objectives: config.objectives.map((objective) => ({
      objective,
      ...meansOf(each.filter((one) => one.objective === objective)),
    })),
    statistics: { ...statistics },
  }
}
