/**
 * What every forecasting model is: pure functions over plain data.
 *
 * `fit` learns from a history (oldest first, NaN where missing) and returns a state that stands at the
 * history's end; `update` moves it one step on; `predict` looks ahead from where it stands. A state is
 * plain data: it crosses to worker threads, is stored, compared, and read back by `read`. An unfitted model
 * cannot predict: there is no state to hand in.
 */
import type { MemberKind } from './forecast.ts'
import type { TrainedNetworks } from './neural/weights.ts'

export interface FitContext {
  /** Periods after which a pattern repeats, in steps, ascending, each at least 2; empty when none is known. */
  readonly seasons: readonly number[]
  /** Steps ahead that forecasts will be asked for. */
  readonly horizonSteps: number
  /** Networks trained earlier on many services; without them the neural models do not compete. */
  readonly neural?: TrainedNetworks | undefined
  /** Seeded source of chance in [0, 1). */
  readonly random: () => number
}

/** A part of a point path; the parts that a model names sum to the path. */
export interface Component {
  readonly name: 'level' | 'trend' | 'season' | 'rest'
  /** Period of a `season`, steps. */
  readonly seasonSteps?: number
  readonly values: Float64Array
}

export interface ForecastModel<State = unknown> {
  readonly kind: MemberKind
  /** The state at the end of `history`, or undefined when the history is too short or unfit for this model. */
  fit(history: Float64Array, context: FitContext): State | undefined
  /** One observed step later; NaN means "nothing seen". May reuse the storage of `state`. */
  update(state: State, value: number): State
  /** The first value of the point path, without allocating. */
  next(state: State): number
  /** Point path for the next `horizonSteps` steps; finite, not negative. */
  predict(state: State, horizonSteps: number): Float64Array
  /** What `predict`'s path is made of, where the model knows. */
  components?(state: State, horizonSteps: number): Component[]
  /** Plain data back to a state; throws a ZodError when it is none. */
  read(stored: unknown): State
}
