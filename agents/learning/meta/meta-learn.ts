/**
 * Meta-training over a distribution of tasks: draw a few, let an inner learner adapt to each from the common start, move
 * the start (meta-step.ts). The outer step size falls linearly to zero, as in Nichol et al. 2018, §6.1.
 *
 * What a task is, and how it is learned, is the caller's: a regression with a network, or a service with an agent.
 */
import assert from 'node:assert/strict'
import { type Adapted, type MetaKind, metaStep } from './meta-step.ts'

export interface MetaProblem<Task> {
  draw(random: () => number): Task
  /** The inner learner, on data of this task alone. Must not write to `weights`. */
  adapt(weights: Float32Array, task: Task, random: () => number): Adapted
}

export interface MetaSettings {
  readonly kind: MetaKind
  /** Outer steps. */
  readonly iterations: number
  readonly tasksPerIteration: number
  /** Outer step size at the beginning. */
  readonly stepSize: number
}

/** Where meta-training stands; plain data, so that it goes on later where it was. */
export interface MetaState {
  readonly weights: Float32Array
  readonly iteration: number
}

/** One outer step. Chance comes as a stream, so the same state and stream give the same weights. */
export function metaIteration<Task>(
  { weights, iteration }: MetaState,
  problem: MetaProblem<Task>,
  settings: MetaSettings,
  random: () => number,
): MetaState {
  const { kind, iterations, tasksPerIteration, stepSize } = settings
  assert(iteration < iterations, `iteration ${iteration} of ${iterations}`)
  const adapted = Array.from({ length: tasksPerIteration }, () =>
    problem.adapt(weights, problem.draw(random), random),
  )
  const annealed = stepSize * (1 - iteration / iterations)
  return { weights: metaStep(kind, weights, adapted, annealed), iteration: iteration + 1 }
}

/** All outer steps from `initial` on. */
export function metaLearn<Task>(
  initial: Float32Array,
  problem: MetaProblem<Task>,
  settings: MetaSettings,
  random: () => number,
): Float32Array {
  let state: MetaState = { weights: initial, iteration: 0 }
  while (state.iteration < settings.iterations)
    state = metaIteration(state, problem, settings, random)
  return state.weights
}
