/**
 * How soon the 90 % interval holds 90 % again after a regime change. Synthetic, labelled so: a day of 288 steps with
 * noise, whose level, amplitude and noise all change at once; several seeds, refitted as live. Coverage is pooled over
 * seeds and the next hour's steps, in a window of one season that slides on by a tenth.
 */
import { ForecastConfig } from '../../../forecaster/config.ts'
import { LEVELS, quantileAt } from '../../../forecaster/forecast.ts'
import { advance, fitForecaster, forecastAt } from '../../../forecaster/forecaster.ts'
import { seededRandom } from '../../../forecaster/random.ts'
import type { Figure } from '../timing.ts'
import { historyAt } from './walk.ts'

const SEASON = 288
const STEP_MS = 300_000
const BEFORE = 14 * SEASON
const AFTER = 4 * SEASON
const SEEDS = 6
const HORIZON = 12
const LOWER = LEVELS.indexOf(0.05)
const UPPER = LEVELS.indexOf(0.95)

const gaussian = (random: () => number) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Load before and after the change: higher, flatter, twice as noisy. */
export function changedLoad(seed: number): Float64Array {
  const random = seededRandom(seed)
  return Float64Array.from({ length: BEFORE + AFTER }, (_, i) => {
    const [level, amplitude, noise] = i < BEFORE ? [100, 50, 5] : [180, 30, 10]
    const load = level + amplitude * Math.sin((2 * Math.PI * i) / SEASON) + noise * gaussian(random)
    return Math.max(0, load)
  })
}

/** Of the forecasts issued at each step from `fromStep` on: the share of their steps that the interval held. */
function heldFrom(values: Float64Array, fromStep: number, seed: number): Float64Array {
  const config = { ...ForecastConfig.parse({}), horizonSteps: HORIZON }
  const trace = { id: 'regime-change', startMs: 0, stepMs: STEP_MS, values }
  const refitEvery = Math.round(config.refitMs / STEP_MS)
  const held = new Float64Array(values.length - fromStep - HORIZON)
  let state = fitForecaster(historyAt(trace, fromStep, config), config, seed).state
  for (let i = 0; i < held.length; i++) {
    const t = fromStep + i
    if (i > 0 && i % refitEvery === 0)
      state = fitForecaster(historyAt(trace, t, config), config, seed).state
    const series = { service: 'synthetic', metric: 'requests_per_second', stepMs: STEP_MS }
    const forecast = forecastAt(state, t * STEP_MS, series, config)
    for (let k = 0; k < HORIZON; k++) {
      const actual = values[t + k]!
      const inside =
        actual >= quantileAt(forecast, LOWER, k) && actual <= quantileAt(forecast, UPPER, k)
      if (inside) held[i]! += 1 / HORIZON
    }
    state = advance(state, values[t]!)
  }
  return held
}

export function recoveryFigures(): Figure[] {
  const runs = Array.from({ length: SEEDS }, (_, seed) =>
    heldFrom(changedLoad(seed + 1), BEFORE - SEASON, seed),
  )
  const windowFrom = (seasons: number): number => {
    const from = SEASON + Math.round(seasons * SEASON)
    const shares = runs.flatMap((held) => [...held.subarray(from, from + SEASON)])
    return shares.reduce((a, b) => a + b, 0) / shares.length
  }
  const starts = Array.from({ length: 25 }, (_, i) => i / 10)
  const within = (share: number) => share >= 0.88 && share <= 0.92
  const recovered = starts.find((seasons) => within(windowFrom(seasons)))
  const value = recovered ?? Number.POSITIVE_INFINITY
  const row = (name: string, share: number): Figure => ({
    name: `forecast.coverage90.${name}`,
    value: share,
    unit: 'share inside, synthetic regime change',
    peer: '0.9',
    ratio: share / 0.9,
  })
  return [
    {
      name: 'forecast.coverage90.recovery_seasons',
      value,
      unit: 'seasons after a synthetic regime change until a season holds 88–92 %',
      peer: 'bar: one season',
      ratio: value,
    },
    row('season_before_change', windowFrom(-1)),
    row('first_season_after', windowFrom(0)),
    row('second_season_after', windowFrom(1)),
    row('third_season_after', windowFrom(2)),
  ]
}
