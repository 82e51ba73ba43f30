/**
 * The contract of everything that learns to act. A learner is driven step by step, and learns when it has seen enough:
 *
 *   let observations = environment.reset(seed)
 *   for (;;) {
 *     const actions = learner.act(observations, environment.count, { explore: true })
 *     const step = environment.step(actions)
 *     const statistics = learner.learn({ observations, actions, step })
 *     observations = step.observations
 *   }
 *
 * All chance is its own, seeded when it is made; `save` holds everything, so that one restored goes on to the bit.
 */
import type { ActingRule } from './acting.ts'
import type { EnvironmentShape, VectorStep } from './environment.ts'

export interface Experience {
  /** [count][observationSize]: what was seen. */
  readonly observations: Float32Array
  /** [count][actionWidth]: what `act` answered, with `explore`. */
  readonly actions: Float32Array
  /** What followed. */
  readonly step: VectorStep
}

/** Figures of one update by name, such as `policyLoss`; all finite. */
export type Statistics = Readonly<Record<string, number>>

export interface Learner {
  readonly kind: string
  /** Environment steps learned from so far, over all rows. */
  steps(): number
  /**
   * Actions [rows][actionWidth] for observations [rows][observationSize]. `explore`: drawn as the learner wants to learn,
   * for as many rows as it learns from; without it the best known, which changes nothing in the learner. Overwritten by
   * the next call. Throws a RangeError for an observation that is not finite.
   */
  act(observations: Float32Array, rows: number, how: { readonly explore: boolean }): Float32Array
  /** Takes in one step of all environments; figures when that led to an update. Throws a RangeError for a number that is not finite. */
  learn(experience: Experience): Statistics | undefined
  /** What it has learned, frozen: plain data that `createActor` acts by. */
  rule(): ActingRule
  /** Plain data that JSON keeps to the bit. */
  save(): unknown
  /** Throws a ZodError or RangeError, and stays as it was, when `state` is not of a learner made the same way. */
  restore(state: unknown): void
}

export interface LearnerSetting extends EnvironmentShape {
  /** Environments that it learns from at a time. */
  readonly count: number
  /** Environment steps for which it will be trained, over all rows: schedules end there. */
  readonly totalSteps: number
  readonly seed: number
}
