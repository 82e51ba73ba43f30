/**
 * The inner learner: PPO from given weights on one service's hour. An update is the whole hour played by all rows, then
 * learned from; the last one is on the query hour where there is one to learn to learn (meta-step.ts).
 */
import type { VectorEnvironment } from '../../../agents/learning/environment.ts'
import type { Learner } from '../../../agents/learning/learner.ts'
import {
  learnerWith,
  type PpoLearnerConfig,
  weightsOf,
} from '../../../agents/learning/meta/learner-weights.ts'
import type { Adapted } from '../../../agents/learning/meta/meta-step.ts'
import type { ServiceTask } from './task.ts'

export interface Inner {
  readonly learner: PpoLearnerConfig
  /** Ticks of an hour; the learner's rollout holds one. */
  readonly hourTicks: number
  readonly updates: number
}

/** Updates on the support hour, then one on the query hour. */
export function adaptForMeta(
  weights: Float32Array,
  task: ServiceTask,
  inner: Inner,
  seed: number,
): Adapted {
  const learner = startOn(weights, task.support, inner, seed)
  for (let update = 1; update < inner.updates; update++)
    play(learner, task.support, inner.hourTicks, seed + update)
  const beforeLast = weightsOf(learner)
  play(learner, task.query, inner.hourTicks, seed)
  return { beforeLast, last: weightsOf(learner) }
}

/** Updates on the support hour alone: all that a new service has. */
export function adaptTo(
  weights: Float32Array,
  task: ServiceTask,
  inner: Inner,
  seed: number,
): Float32Array {
  const learner = startOn(weights, task.support, inner, seed)
  for (let update = 0; update < inner.updates; update++)
    play(learner, task.support, inner.hourTicks, seed + update)
  return weightsOf(learner)
}

/** Mean reward of a tick of the judged hours, by the best known actions: by how much better than the predictive policy. */
export function judgedReward(
  weights: Float32Array,
  task: ServiceTask,
  inner: Inner,
  ticks: number,
): number {
  const learner = startOn(weights, task.judged, inner, 0)
  const { judged } = task
  let observations = judged.reset(0)
  let sum = 0
  for (let tick = 0; tick < ticks; tick++) {
    const step = judged.step(learner.act(observations, judged.count, { explore: false }))
    for (const reward of step.rewards) sum += reward
    observations = step.observations
  }
  return sum / (ticks * judged.count)
}

function startOn(
  weights: Float32Array,
  { count, observationSize, actions }: VectorEnvironment,
  { learner, hourTicks, updates }: Inner,
  seed: number,
): Learner {
  const totalSteps = updates * hourTicks * count
  return learnerWith(weights, learner, { count, observationSize, actions, totalSteps, seed })
}

/** One hour by all rows; ends with an update, as the rollout is then full. */
function play(learner: Learner, environment: VectorEnvironment, ticks: number, seed: number): void {
  let observations = environment.reset(seed)
  for (let tick = 0; tick < ticks; tick++) {
    const actions = learner.act(observations, environment.count, { explore: true }).slice()
    const step = environment.step(actions)
    learner.learn({ observations, actions, step })
    observations = step.observations
  }
}
