/**
 * Where ticks are shorter than steps, loads are seen within a step before it ends. How well the newest of them tells the
 * rest of the step is learned from the service itself: the ratio of the largest load of the next few ticks to the load
 * now, over pairs within one step. What comes after the step is the forecast's to say.
 */
import { LEVELS } from './forecast.ts'

/** Ratios remembered; too few say nothing about the outer levels. */
const REMEMBERED = 500
const LEAST_RATIOS = 100
/** Of a load next to nothing any other is a multiple beyond measure. */
const MOST_RATIO = 1000

/** Plain data; written in place. */
export interface Nowcast {
  /** End of the step that the loads are of. */
  stepEndMs: number
  /** Loads seen in it, oldest first. */
  loads: number[]
  /** A ring. */
  readonly ratios: number[]
  seen: number
  /** Of the ratios, at `LEVELS`; made when first asked for after a step. */
  quantiles: Float64Array | undefined
}

export function createNowcast(): Nowcast {
  return { stepEndMs: Number.NaN, loads: [], ratios: [], seen: 0, quantiles: undefined }
}

/** The load of one more tick, in the step that ends at `stepEndMs`; `ticksAhead`: how many a decision looks ahead. */
export function followTick(
  nowcast: Nowcast,
  loadRps: number,
  stepEndMs: number,
  ticksAhead: number,
): void {
  const { ratios } = nowcast
  if (stepEndMs !== nowcast.stepEndMs) {
    nowcast.stepEndMs = stepEndMs
    nowcast.loads = []
    nowcast.quantiles = undefined
  }
  if (!(loadRps >= 0)) return
  const loads = [...nowcast.loads, loadRps].slice(-ticksAhead - 1)
  nowcast.loads = loads
  if (loads.length <= ticksAhead || !(loads[0]! > 0)) return
  const ratio = Math.max(...loads.slice(1)) / loads[0]!
  ratios[nowcast.seen % REMEMBERED] = Math.min(ratio, MOST_RATIO)
  nowcast.seen++
}

/**
 * Quantiles at `LEVELS` of the largest load until the step ends; undefined where nothing was seen in the step that ends at
 * `stepEndMs`, or too little is known.
 */
export function nowcastDemand(nowcast: Nowcast, stepEndMs: number): Float64Array | undefined {
  const { loads, ratios } = nowcast
  const now = loads.at(-1)
  if (stepEndMs !== nowcast.stepEndMs || !(now! > 0) || ratios.length < LEAST_RATIOS)
    return undefined
  nowcast.quantiles ??= quantilesOf(ratios)
  return nowcast.quantiles.map((ratio) => ratio * now!)
}

/** The outermost levels are the extremes: of so few values nobody knows more. */
function quantilesOf(ratios: readonly number[]): Float64Array {
  const sorted = Float64Array.from(ratios).sort()
  const last = sorted.length - 1
  return Float64Array.from(
    LEVELS,
    (level) => sorted[Math.min(last, Math.floor(level * (last + 2)))]!,
  )
}
