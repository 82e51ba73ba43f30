/**
 * Several seasons at once (a day and a week): MSTL's decomposition (Bandara, Hyndman & Bergmeir 2021;
 * `season-layers.ts`) on a variance-stabilised scale, and on what it leaves a level with a fading deviation
 * (`layered-step.ts`). A step costs O(1); the seasons move slowly with every one.
 */
import { z } from 'zod'
import type { Component, ForecastModel } from '../model.ts'
import { FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { chooseRates, type LayeredChoice, levelBefore, UNTESTED } from './layered-search.ts'
import { foresee, type LayeredState, nextOf, startLayered, stepLayered } from './layered-step.ts'
import { withRest } from './path-components.ts'
import { newPath } from './path-storage.ts'
import { knownSeasons, seasonLayers, testedLayers, weighted } from './season-layers.ts'
import { StoredWatch } from './shift-watch.ts'
import { chooseScale, fromScale, type StableScale, StoredScale, toScale } from './stable-scale.ts'

const LEAST_POINTS = 8
const SETTLE_STEPS = 3000
const PASSES = 2

const StoredState = z.strictObject({
  scale: StoredScale,
  remainder: z.strictObject({
    layers: z.array(FiniteNumbers),
    positions: z.array(z.int().min(0)),
    slow: z.number(),
    fast: z.number(),
    watch: StoredWatch,
    a: z.number().min(0).max(1),
    b: z.number().min(0).max(1),
    phi: z.number().min(0).max(1),
    gamma: z.number().min(0).max(1),
    clip: z.number().min(0),
  }),
})
export interface MstlState {
  readonly scale: StableScale
  readonly remainder: LayeredState
}

export const mstl: ForecastModel<MstlState> = {
  kind: 'mstl',
  fit(history, { seasons, horizonSteps }) {
    const values = usableHistory(history)
    const known = values.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
    if (known < LEAST_POINTS) return undefined
    const scale = chooseScale(values)
    const even = values.map((v) => toScale(scale, v))
    const {
      layers: unseenBy,
      shares,
      periods,
      from,
    } = testedLayers(even, knownSeasons(even.length, seasons))
    const choice = from === 0 ? UNTESTED : chooseRates(even, unseenBy, from, horizonSteps)
    const layers = weighted(seasonLayers(even, periods, PASSES), shares)
    return { scale, remainder: settled(even, layers, choice) }
  },
  update(state, value) {
    stepLayered(state.remainder, toScale(state.scale, usable(value)))
    return state
  },
  next: ({ scale, remainder }) => fromScale(scale, nextOf(remainder)),
  predict({ scale, remainder }, horizonSteps) {
    const path = newPath(horizonSteps)
    foresee(remainder, path)
    for (let k = 0; k < horizonSteps; k++) path[k] = fromScale(scale, path[k]!)
    return path
  },
  components(state, horizonSteps) {
    const { scale, remainder } = state
    const { layers, positions, slow, phi, fast } = remainder
    const level = fromScale(scale, slow)
    const parts: Component[] = [
      { name: 'level', values: new Float64Array(horizonSteps).fill(level) },
    ]
    const base = new Float64Array(horizonSteps).fill(slow)
    const add = (part: Omit<Component, 'values'>, at: (k: number) => number): void => {
      const values = base.map((before, k) => {
        base[k] = before + at(k)
        return fromScale(scale, base[k]!) - fromScale(scale, before)
      })
      parts.push({ ...part, values })
    }
    add({ name: 'trend' }, (k) => phi ** (k + 1) * fast)
    layers.forEach((layer, j) => {
      add(
        { name: 'season', seasonSteps: layer.length },
        (k) => layer[(positions[j]! + k) % layer.length]!,
      )
    })
    return withRest(mstl.predict(state, horizonSteps), parts)
  },
  read(stored) {
    const { scale, remainder } = StoredState.parse(stored)
    const positions = remainder.layers.map(
      (layer, j) => (remainder.positions[j] ?? 0) % layer.length,
    )
    return { scale, remainder: { ...remainder, positions } }
  },
}

/** Level and deviation as they are at the end; the seasons of the whole history rest while it passes. */
function settled(
  even: Float64Array,
  layers: readonly Float64Array[],
  { rates, clip }: LayeredChoice,
): LayeredState {
  const reach = Math.max(layers.at(-1)?.length ?? 0, SETTLE_STEPS)
  const from = Math.max(0, even.length - reach)
  const still = { ...rates, gamma: 0 }
  const state = startLayered(still, layers, from, levelBefore(even, layers, from), clip)
  for (let i = from; i < even.length; i++) stepLayered(state, even[i]!)
  return { ...state, gamma: rates.gamma }
}
