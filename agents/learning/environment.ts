/**
 * What a learner needs of the world: many environments stepped at once, in columns. An environment whose episode ends
 * begins the next one within the same step (Gymnasium's `AutoresetMode.SAME_STEP`): the row of `observations` is then
 * the first of the new episode, and what the old one ended with stands in `finalObservations`.
 */

export type ActionSpace =
  /** Actions 0 … count − 1. */
  | { readonly kind: 'discrete'; readonly count: number }
  | {
      readonly kind: 'continuous'
      readonly size: number
      /** Bounds, one a number of the action. */
      readonly low: readonly number[]
      readonly high: readonly number[]
    }

/** Numbers that one action takes in a table of actions: the index, or the vector. */
export function actionWidth(actions: ActionSpace): number {
  return actions.kind === 'discrete' ? 1 : actions.size
}

export interface EnvironmentShape {
  readonly observationSize: number
  readonly actions: ActionSpace
}

/** One row an environment. New tables in every step: whoever gets them may keep them. */
export interface VectorStep {
  /** [count][observationSize] */
  readonly observations: Float32Array
  readonly rewards: Float64Array
  /** 0 or 1 each. terminated: what follows is worth nothing; truncated: time was up, what follows has a value. */
  readonly terminated: Uint8Array
  readonly truncated: Uint8Array
  /** [count][observationSize]; a row counts only where the episode ended. */
  readonly finalObservations: Float32Array
}

export interface VectorEnvironment extends EnvironmentShape {
  readonly count: number
  /** Begins everywhere anew; environment i has chance of its own from `seed` and i. */
  reset(seed: number): Float32Array
  /** Actions [count][actionWidth]. Throws a RangeError for one outside of the space. */
  step(actions: Float32Array): VectorStep
  /** Plain data with which an equal environment goes on to the bit; undefined where the plant cannot be put aside. */
  save?(): unknown
  restore?(state: unknown): void
}
