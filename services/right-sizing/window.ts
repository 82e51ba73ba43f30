/**
 * The loads that tiers are compared over: each hour of the days ahead as quantiles of simulated days (forecaster/outlook.ts),
 * from the days that the ledger keeps. An hour's load is what 95 % of its minutes stay under: what it has to be sized for.
 */

import { LEVELS } from '../../forecaster/forecast.ts'
import {
  daysNeeded,
  fitOutlook,
  knownDays,
  PARTS_A_DAY,
  simulateDays,
} from '../../forecaster/outlook.ts'
import { seededRandom } from '../../forecaster/random.ts'

/** Simulated futures; enough for the outermost level. */
const PATHS = 200

export interface WindowInput {
  readonly days: readonly Float64Array[]
  readonly windowDays: number
  readonly weekDays: number
  readonly seed: number
}

export interface Window {
  readonly historyDays: number
  readonly neededDays: number
  /** Quantiles (LEVELS) by hour; empty while history is too short. */
  readonly parts: readonly Float64Array[]
}

export function windowOf({ days, windowDays, weekDays, seed }: WindowInput): Window {
  const historyDays = knownDays(days)
  const neededDays = daysNeeded(windowDays, weekDays)
  const model = historyDays >= neededDays ? fitOutlook(days, weekDays) : undefined
  if (!model) return { historyDays, neededDays, parts: [] }
  const count = windowDays * PARTS_A_DAY
  const paths = Array.from({ length: PATHS }, (_, path) => {
    const loads = new Float64Array(count)
    simulateDays(model, days.length, windowDays, seededRandom(seed * 65_536 + path), loads)
    return loads
  })
  const column = new Float64Array(PATHS)
  const parts = Array.from({ length: count }, (_, part) => {
    paths.forEach((loads, path) => {
      column[path] = loads[part]!
    })
    column.sort()
    return Float64Array.from(LEVELS, (level) => column[Math.floor(level * PATHS)]!)
  })
  return { historyDays, neededDays, parts }
}
