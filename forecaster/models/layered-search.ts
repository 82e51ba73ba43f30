/**
 * The rates of `layered-step.ts` by the mean absolute error of paths over the newest steps, which the layers have not
 * seen: near, midway and far, as the forecast will be used; searched by Nelder–Mead on the logarithms of time constants.
 */
import { type LayeredRates, startLayered, stepLayered } from './layered-step.ts'
import { nelderMead } from './nelder-mead.ts'
import { median } from './seasonal-profile.ts'

const EVALUATIONS = 90
const MOST_ORIGINS = 500
/** log a, b, log of the steps in which a deviation fades to 1/e, γ: a level that hardly moves, or one that follows. */
const STARTS: readonly (readonly number[])[] = [
  [Math.log(0.01), 0.4, Math.log(10), 0.04],
  [Math.log(0.003), 0.8, Math.log(100), 0.04],
  [Math.log(0.05), 0.3, Math.log(3), 0.15],
  [Math.log(0.3), 0.1, Math.log(10), 0.04],
  [Math.log(0.8), 0.1, Math.log(10), 0],
]
/** A level that stays where it is would never get over a shift. */
const SLOWEST_STEPS = 1000
const LOWER = [Math.log(1 / SLOWEST_STEPS), 0, Math.log(0.2), 0]
const UPPER = [Math.log(0.99), 1, Math.log(2000), 0.4]
const LEVEL_STEPS = 12
const CLIP_DEVIATIONS = 4

export interface LayeredChoice {
  readonly rates: LayeredRates
  /** Four robust deviations of the one-step error. */
  readonly clip: number
}

/** What the rates are when there is nothing to choose them by. */
export const UNTESTED: LayeredChoice = { rates: ratesOf(STARTS[0]!), clip: 0 }

/** `scaled` holds the whole history, `layers` know what came before step `from` only. */
export function chooseRates(
  scaled: Float64Array,
  layers: readonly Float64Array[],
  from: number,
  horizonSteps: number,
): LayeredChoice {
  const unseen = scaled.length - from
  const farthest = Math.max(1, Math.min(horizonSteps, unseen >> 1)) - 1
  const probes = [...new Set([0, farthest >> 3, farthest >> 1, farthest])]
  const level = levelBefore(scaled, layers, from)
  const lossOf = (x: readonly number[]): number =>
    pathError(scaled, layers, from, level, ratesOf(x), probes)
  const losses = STARTS.map(lossOf)
  const start = STARTS[losses.indexOf(Math.min(...losses))] ?? STARTS[0]!
  const rates = ratesOf(nelderMead(lossOf, start, { lower: LOWER, upper: UPPER }, EVALUATIONS))
  return { rates, clip: clipOf(scaled, layers, from, level, rates) }
}

function ratesOf([logA, b, logTime, gamma]: readonly number[]): LayeredRates {
  return { a: Math.exp(logA!), b: b!, phi: Math.exp(-Math.exp(-logTime!)), gamma: gamma! }
}

/** Median of what the layers leave of the steps just before `from`, or just after. */
export function levelBefore(
  scaled: Float64Array,
  layers: readonly Float64Array[],
  from: number,
): number {
  const reach = Math.max(LEVEL_STEPS, layers[0]?.length ?? 0)
  const level = (start: number, end: number): number | undefined => {
    const rest: number[] = []
    for (let i = Math.max(0, start); i < Math.min(end, scaled.length); i++) {
      let season = 0
      for (const layer of layers) season += layer[i % layer.length]!
      if (!Number.isNaN(scaled[i]!)) rest.push(scaled[i]! - season)
    }
    return rest.length > 0 ? median(Float64Array.from(rest)) : undefined
  }
  return level(from - reach, from) ?? level(from, from + reach) ?? level(0, scaled.length) ?? 0
}

function pathError(
  scaled: Float64Array,
  layers: readonly Float64Array[],
  from: number,
  level: number,
  rates: LayeredRates,
  probes: readonly number[],
): number {
  const state = startLayered(rates, layers, from, level, 0)
  const stride = Math.max(1, Math.floor((scaled.length - from) / MOST_ORIGINS))
  const fades = probes.map((probe) => rates.phi ** (probe + 1))
  let sum = 0
  let count = 0
  for (let t = from; t < scaled.length; t++) {
    if ((t - from) % stride === 0) {
      for (let p = 0; p < probes.length; p++) {
        const at = t + probes[p]!
        let point = state.slow + fades[p]! * state.fast
        for (const layer of state.layers) point += layer[at % layer.length]!
        const miss = Math.abs(scaled[at]! - point)
        if (!(miss >= 0)) continue
        sum += miss
        count++
      }
    }
    stepLayered(state, scaled[t]!)
  }
  return count > 0 ? sum / count : Number.POSITIVE_INFINITY
}

function clipOf(
  scaled: Float64Array,
  layers: readonly Float64Array[],
  from: number,
  level: number,
  rates: LayeredRates,
): number {
  const state = startLayered(rates, layers, from, level, 0)
  const errors = scaled.subarray(from).map((v) => Math.abs(stepLayered(state, v)))
  return CLIP_DEVIATIONS * 1.4826 * median(errors.filter((v) => v >= 0))
}
