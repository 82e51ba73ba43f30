/**
 * How restless the load is just now: an exponentially weighted mean of the newest one-step errors, each over the
 * spread of its point, against what is usual for the series. Errors further ahead grow with it less than in
 * proportion, so bands are scaled by (now / usual)^reaction. Volatility clusters (Engle 1982), in loads as in prices.
 */
import { type Band, spreadOf } from './forecast.ts'

export interface Unrest {
  /** 0: bands do not react. */
  readonly reaction: number
  /** Mean of |error| / spread over the backtest. */
  readonly usual: number
}

/** Mean of the newest |error| / spread. */
export type Volatility = number

const GAIN = 0.1
const LEAST_RATIO = 0.1
const MOST_RATIO = 10

export function followVolatility(now: Volatility, error: number, spread: number): Volatility {
  const size = Math.abs(error) / spread
  if (Number.isNaN(size)) return now
  return Number.isNaN(now) ? size : now + GAIN * (size - now)
}

/** What the bands are multiplied by. */
export function unrestFactor({ reaction, usual }: Unrest, now: Volatility): number {
  if (reaction === 0 || !(usual > 0) || Number.isNaN(now)) return 1
  return Math.min(Math.max(now / usual, LEAST_RATIO), MOST_RATIO) ** reaction
}

/** Factor before each of the steps, from what came before it only; and where the volatility stands at their end. */
export function unrestAt(
  { errors, loads }: { readonly errors: Float64Array; readonly loads: Float64Array },
  band: Pick<Band, 'power' | 'spreadFloor'>,
  reaction: number,
): { at: Float64Array; usual: number; volatility: Volatility } {
  const sizes = errors.map((error, i) => Math.abs(error) / spreadOf(band, loads[i]! - error))
  let sum = 0
  let seen = 0
  for (const size of sizes) {
    if (Number.isNaN(size)) continue
    sum += size
    seen++
  }
  const usual = seen === 0 ? 0 : sum / seen
  let volatility: Volatility = Number.NaN
  const at = new Float64Array(errors.length)
  for (let i = 0; i < errors.length; i++) {
    at[i] = unrestFactor({ reaction, usual }, volatility)
    volatility = followVolatility(volatility, sizes[i]!, 1)
  }
  return { at, usual, volatility: Number.isNaN(volatility) ? usual : volatility }
}
