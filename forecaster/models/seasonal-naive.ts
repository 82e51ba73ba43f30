/**
 * Seasonal naive: each step is what it was one season ago, ŷ[t+h] = y[t+h−m] (Hyndman & Athanasopoulos,
 * FPP3 §5.2). The yardstick that every other model must beat; where a step was missed, the season before
 * stands in. Of several seasons it repeats the one whose repetition has missed least so far.
 */
import { z } from 'zod'
import { naiveScale } from '../accuracy/mase.ts'
import type { FitContext, ForecastModel } from '../model.ts'
import { clampToPath, FiniteNumbers, usable } from '../plain-data.ts'
import { newPath } from './path-storage.ts'

const SeasonalNaiveState = z.strictObject({
  /** Newest known value of each step of the season. */
  season: FiniteNumbers,
  /** Index in `season` of the step that comes next. */
  position: z.int().min(0),
})
export interface SeasonalNaiveState {
  readonly season: Float64Array
  position: number
}

export const seasonalNaive: ForecastModel<SeasonalNaiveState> = {
  kind: 'seasonal-naive',
  fit(history: Float64Array, { seasons }: FitContext) {
    const seasonSteps = bestSeason(history, seasons)
    if (seasonSteps === undefined) return undefined
    const season = new Float64Array(seasonSteps).fill(Number.NaN)
    for (let i = 0; i < history.length; i++) {
      const value = usable(history[i]!)
      if (!Number.isNaN(value)) season[i % seasonSteps] = value
    }
    if (!fillGaps(season)) return undefined
    return { season, position: history.length % seasonSteps }
  },
  update(state, value) {
    const known = usable(value)
    if (!Number.isNaN(known)) state.season[state.position] = known
    state.position = state.position + 1 === state.season.length ? 0 : state.position + 1
    return state
  },
  next: (state) => clampToPath(state.season[state.position]!),
  predict(state, horizonSteps) {
    const path = newPath(horizonSteps)
    const { season } = state
    let slot = state.position
    for (let k = 0; k < horizonSteps; k++) {
      path[k] = clampToPath(season[slot]!)
      slot = slot + 1 === season.length ? 0 : slot + 1
    }
    return path
  },
  components(state, horizonSteps) {
    const { season } = state
    const level = clampToPath(season.reduce((sum, v) => sum + v / season.length, 0))
    const path = seasonalNaive.predict(state, horizonSteps)
    return [
      { name: 'level', values: new Float64Array(horizonSteps).fill(level) },
      { name: 'season', seasonSteps: season.length, values: path.map((v) => v - level) },
    ]
  },
  read(stored) {
    const state = SeasonalNaiveState.parse(stored)
    return { season: state.season, position: state.position % state.season.length }
  },
}

/** The season with the least mean |y[t] − y[t−m]|; undefined when the history holds none of them whole. */
export function bestSeason(history: Float64Array, seasons: readonly number[]): number | undefined {
  let best: number | undefined
  let least = Number.POSITIVE_INFINITY
  for (const season of seasons) {
    if (history.length < season) continue
    const miss = naiveScale(history, season) ?? 0
    const comparable = history.length > season
    if (best === undefined || (comparable && miss < least)) {
      best = season
      least = comparable ? miss : Number.POSITIVE_INFINITY
    }
  }
  return best
}

/** Steps never seen take the nearest earlier step of the (circular) season; false when nothing was seen at all. */
export function fillGaps(season: Float64Array): boolean {
  const seen = season.findLastIndex((v) => !Number.isNaN(v))
  if (seen < 0) return false
  let before = season[seen]!
  for (let i = 0; i < season.length; i++) {
    if (Number.isNaN(season[i]!)) season[i] = before
    else before = season[i]!
  }
  return true
}
