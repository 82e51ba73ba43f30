/**
 * ARIMA with automatic orders on what is left of a load, on its variance-stabilised scale, when all its seasons are taken
 * out (`season-layers.ts`; Box & Jenkins; FPP3 §9). Orders come from a stepwise search (`arima-orders.ts`); the package
 * `arima` (exact likelihood) estimates the best of them again, and all compete in a backtest of whole paths on steps
 * held back, so that neither a criterion nor a library is believed unseen. Updates and forecasts are our own recursion
 * over plain data. No model at all is better than one that is unstable or that our recursion cannot reproduce.
 */
import { z } from 'zod'
import type { Component, ForecastModel } from '../model.ts'
import { FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { type Candidate, chooseArma, isConstant, joinGaps } from './arima-choice.ts'
import { type ArmaState, armaAfter, followShifting, foreseeArma, nextArma } from './arima-step.ts'
import { withRest } from './path-components.ts'
import { newPath } from './path-storage.ts'
import {
  knownSeasons,
  seasonLayers,
  testedLayers,
  weighted,
  withoutLayers,
} from './season-layers.ts'
import { StoredWatch } from './shift-watch.ts'
import { chooseScale, fromScale, type StableScale, StoredScale, toScale } from './stable-scale.ts'

const LEAST_POINTS = 60
/** The recent past says enough, and the library's time grows with its points. */
const MOST_POINTS = 1000
/** Seasons this short get terms of their own in what their layer leaves. */
const LONGEST_TERM = 24
const PASSES = 2
const Terms = z.array(z.number()).max(64)

const StoredState = z.strictObject({
  scale: StoredScale,
  layers: z.array(FiniteNumbers),
  positions: z.array(z.int().min(0)),
  remainder: z.strictObject({
    phi: Terms,
    theta: Terms,
    mean: z.number(),
    differenced: z.boolean(),
    watch: StoredWatch,
    last: z.number(),
    past: Terms,
    errors: Terms,
  }),
})
export interface ArimaState {
  readonly scale: StableScale
  readonly layers: readonly Float64Array[]
  /** Of each layer, the slot that comes next. */
  readonly positions: number[]
  readonly remainder: ArmaState
}

export const arima: ForecastModel<ArimaState> = {
  kind: 'arima',
  fit(history, { seasons, horizonSteps }) {
    const values = usableHistory(history)
    const known = values
      .subarray(-MOST_POINTS)
      .reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
    if (known < LEAST_POINTS) return undefined
    const scale = chooseScale(values)
    const even = values.map((v) => toScale(scale, v))
    const tested = testedLayers(even, knownSeasons(even.length, seasons))
    const before = remainderOf(even, tested.layers)
    if (isConstant(before)) return undefined
    const m =
      tested.periods[0] !== undefined && tested.periods[0] <= LONGEST_TERM ? tested.periods[0] : 0
    const choice = chooseArma(before, m, horizonSteps)
    if (!choice) return undefined
    const layers = weighted(seasonLayers(even, tested.periods, PASSES), tested.shares)
    return stateOf(scale, even, layers, choice)
  },
  update(state, value) {
    const { layers, positions, remainder } = state
    followShifting(remainder, toScale(state.scale, usable(value)) - seasonNow(state))
    for (let j = 0; j < layers.length; j++)
      positions[j] = positions[j]! + 1 === layers[j]!.length ? 0 : positions[j]! + 1
    return state
  },
  next: (state) => fromScale(state.scale, nextArma(state.remainder) + seasonNow(state)),
  predict(state, horizonSteps) {
    const path = newPath(horizonSteps)
    foreseeArma(state.remainder, path)
    for (let k = 0; k < horizonSteps; k++)
      path[k] = fromScale(state.scale, path[k]! + seasonAhead(state, k))
    return path
  },
  components(state, horizonSteps) {
    const { scale, layers, positions, remainder } = state
    const wander = new Float64Array(horizonSteps)
    foreseeArma(remainder, wander)
    const level = remainder.differenced ? remainder.last : remainder.mean
    const flat = fromScale(scale, level)
    const parts: Component[] = [{ name: 'level', values: wander.map(() => flat) }]
    parts.push({ name: 'trend', values: wander.map((v) => fromScale(scale, v) - flat) })
    const base = wander.slice()
    layers.forEach((layer, j) => {
      const values = base.map((before, k) => {
        base[k] = before + layer[(positions[j]! + k) % layer.length]!
        return fromScale(scale, base[k]!) - fromScale(scale, before)
      })
      parts.push({ name: 'season', seasonSteps: layer.length, values })
    })
    return withRest(arima.predict(state, horizonSteps), parts)
  },
  read(stored) {
    const state = StoredState.parse(stored)
    const positions = state.layers.map((layer, j) => (state.positions[j] ?? 0) % layer.length)
    return { ...state, positions }
  },
}

function seasonNow({ layers, positions }: ArimaState): number {
  let sum = 0
  for (let j = 0; j < layers.length; j++) sum += layers[j]![positions[j]!]!
  return sum
}

function seasonAhead({ layers, positions }: ArimaState, ahead: number): number {
  let sum = 0
  for (let j = 0; j < layers.length; j++)
    sum += layers[j]![(positions[j]! + ahead) % layers[j]!.length]!
  return sum
}

/** The newest steps without their seasons, gaps joined. */
function remainderOf(even: Float64Array, layers: readonly Float64Array[]): Float64Array {
  const from = Math.max(0, even.length - MOST_POINTS)
  return joinGaps(withoutLayers(even.subarray(from), layers, from))
}

function stateOf(
  scale: StableScale,
  even: Float64Array,
  layers: readonly Float64Array[],
  { coefficients, differenced }: Candidate,
): ArimaState {
  return {
    scale,
    layers,
    positions: layers.map((layer) => even.length % layer.length),
    remainder: armaAfter(remainderOf(even, layers), coefficients, differenced, followShifting),
  }
}
