/**
 * The recursion under `mstl`: seasons on a slow level, and what wanders around it and fades, by one error at O(1):
 *
 *   u[t] = s + φ·f + Σ layers + ε     s += a·ε     f ← φ·f + b·ε     layers at t += γ·ε / number of layers
 *
 * The path h steps ahead is s + φ^h·f + layers: near by it goes on from where the load is, far off it is what the season
 * says. That is ARIMA(1,1,2) around the seasons, in the error-correction form of exponential smoothing (Hyndman, Koehler,
 * Ord & Snyder 2008, §2.5), with damping of the deviation in the place of a damped trend.
 */

import { isShifted, newWatch, type ShiftWatch } from './shift-watch.ts'

/** A level that has shifted is followed at this rate, however slow it is otherwise. */
const SHIFT_RATE = 0.1

export interface LayeredRates {
  readonly a: number
  readonly b: number
  readonly phi: number
  readonly gamma: number
}

export interface LayeredState extends LayeredRates {
  readonly layers: readonly Float64Array[]
  /** Of each layer, the slot that comes next. */
  readonly positions: number[]
  slow: number
  fast: number
  readonly watch: ShiftWatch
  /** Largest error that may bend the seasons; 0: no limit. */
  clip: number
}

/** A state that stands before step `from`, with layers of its own to write to. */
export function startLayered(
  rates: LayeredRates,
  layers: readonly Float64Array[],
  from: number,
  slow: number,
  clip: number,
): LayeredState {
  return {
    ...rates,
    layers: layers.map((layer) => layer.slice()),
    positions: layers.map((layer) => from % layer.length),
    slow,
    fast: 0,
    watch: newWatch(),
    clip,
  }
}

/** Moves the state one step on and returns the one-step error (NaN when nothing was seen). */
export function stepLayered(state: LayeredState, scaled: number): number {
  const { layers, positions, phi } = state
  const error = scaled - (state.slow + phi * state.fast + seasonNow(state))
  state.fast *= phi
  const known = !Number.isNaN(error)
  const gentle =
    known && state.clip > 0 ? Math.min(Math.max(error, -state.clip), state.clip) : error
  if (known) {
    const rate = isShifted(state.watch, error) ? Math.max(state.a, SHIFT_RATE) : state.a
    state.slow += rate * error
    state.fast += state.b * error
  }
  const bend = known && state.gamma > 0 ? (state.gamma * gentle) / layers.length : 0
  for (let j = 0; j < layers.length; j++) {
    const layer = layers[j]!
    const slot = positions[j]!
    if (bend !== 0) layer[slot]! += bend
    positions[j] = slot + 1 === layer.length ? 0 : slot + 1
  }
  return error
}

function seasonNow({ layers, positions }: LayeredState): number {
  let sum = 0
  for (let j = 0; j < layers.length; j++) sum += layers[j]![positions[j]!]!
  return sum
}

/** The scaled load of the step that comes next. */
export function nextOf(state: LayeredState): number {
  return seasonNow(state) + (state.slow + state.phi * state.fast)
}

/** Writes the scaled loads of the steps ahead into `path`. */
export function foresee(
  { layers, positions, slow, fast, phi }: LayeredState,
  path: Float64Array,
): void {
  path.fill(0)
  for (let j = 0; j < layers.length; j++) {
    const layer = layers[j]!
    let slot = positions[j]!
    for (let k = 0; k < path.length; k++) {
      path[k]! += layer[slot]!
      slot = slot + 1 === layer.length ? 0 : slot + 1
    }
  }
  let deviation = fast
  for (let k = 0; k < path.length; k++) {
    deviation *= phi
    path[k]! += slow + deviation
  }
}
