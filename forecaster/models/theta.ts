/**
 * The Theta method (Assimakopoulos & Nikolopoulos 2000) as the dynamic optimised theta model of Fiorucci, Pellegrini,
 * Louzada, Petropoulos & Koehler (2016, eqs. 9–14), on the seasonally adjusted load: exponential smoothing pulled along by a share
 * ω = 1 − 1/θ of the line of least squares through everything seen so far, both moved by every step at O(1).
 *
 *   μ = ℓ + ω · ((1 − α)^n · A + (1 − (1 − α)^(n+1)) / α · B)       n values seen, A and B the line's intercept and slope
 *
 * The season, its kind and whether there is one are chosen as for ETS; α, ω and the first level by the error of paths.
 */
import { z } from 'zod'
import type { Component, ForecastModel } from '../model.ts'
import { clampToPath, FiniteNumbers, usable } from '../plain-data.ts'
import { chooseSeason, newestSteps } from './ets-search.ts'
import { withRest } from './path-components.ts'
import { newPath } from './path-storage.ts'
import { type SeasonKind, seasonalProfile } from './seasonal-profile.ts'
import { aheadOf, chooseParameters, follow, lineAfter, type ThetaLine } from './theta-line.ts'

const LEAST_POINTS = 8
/** Shares of a multiplicative season below this are no divisors. */
const LEAST_DIVISOR = 0.1

const StoredState = z.strictObject({
  kind: z.enum(['additive', 'multiplicative']),
  season: FiniteNumbers,
  position: z.int().min(0),
  line: z.strictObject({
    alpha: z.number().gt(0).max(1),
    weight: z.number().min(0).max(1),
    level: z.number(),
    count: z.int().min(1),
    mean: z.number(),
    intercept: z.number(),
    slope: z.number(),
    decay: z.number().min(0).max(1),
  }),
})
export interface ThetaState {
  readonly kind: SeasonKind
  /** Seasonal index of each step, and the one that comes next. */
  readonly season: Float64Array
  position: number
  readonly line: ThetaLine
}

export const theta: ForecastModel<ThetaState> = {
  kind: 'theta',
  fit(history, { seasons, horizonSteps }) {
    const values = newestSteps(history, seasons)
    const known = values.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
    if (known < LEAST_POINTS) return undefined
    const { kind, seasonSteps, from, before, horizons } = chooseSeason(
      values,
      seasons,
      horizonSteps,
    )
    const recent = values.subarray(from)
    const x = chooseParameters(adjusted(recent, from, before, kind), horizons)
    const season = seasonSteps > 1 ? seasonalProfile(values, seasonSteps, kind) : before
    const line = lineAfter(adjusted(recent, from, season, kind), x)
    if (!line) return undefined
    return { kind, season, position: values.length % season.length, line }
  },
  update(state, value) {
    const { line, season, position, kind } = state
    const known = usable(value)
    follow(line, Number.isNaN(known) ? aheadOf(line) : without(known, season[position]!, kind))
    state.position = position + 1 === season.length ? 0 : position + 1
    return state
  },
  next: ({ line, season, position, kind }) =>
    clampToPath(withSeason(aheadOf(line), season[position]!, kind)),
  predict({ line, season, position, kind }, horizonSteps) {
    const path = newPath(horizonSteps)
    const ahead = { ...line }
    let slot = position
    for (let k = 0; k < horizonSteps; k++) {
      const point = aheadOf(ahead)
      path[k] = clampToPath(withSeason(point, season[slot]!, kind))
      follow(ahead, point)
      slot = slot + 1 === season.length ? 0 : slot + 1
    }
    return path
  },
  components(state, horizonSteps) {
    const { line, season, position, kind } = state
    const ahead = { ...line }
    const trends = new Float64Array(horizonSteps)
    const seasons = new Float64Array(horizonSteps)
    for (let k = 0; k < horizonSteps; k++) {
      const point = aheadOf(ahead)
      trends[k] = point - line.level
      seasons[k] = withSeason(point, season[(position + k) % season.length]!, kind) - point
      follow(ahead, point)
    }
    const parts: Component[] = [
      { name: 'level', values: trends.map(() => line.level) },
      { name: 'trend', values: trends },
    ]
    if (season.length > 1)
      parts.push({ name: 'season', seasonSteps: season.length, values: seasons })
    return withRest(theta.predict(state, horizonSteps), parts)
  },
  read(stored) {
    const state = StoredState.parse(stored)
    return { ...state, position: state.position % state.season.length }
  },
}

function without(value: number, index: number, kind: SeasonKind): number {
  return kind === 'additive' ? value - index : value / Math.max(index, LEAST_DIVISOR)
}

function withSeason(point: number, index: number, kind: SeasonKind): number {
  return kind === 'additive' ? point + index : point * index
}

function adjusted(
  values: Float64Array,
  from: number,
  season: Float64Array,
  kind: SeasonKind,
): Float64Array {
  return values.map((v, i) => without(v, season[(from + i) % season.length]!, kind))
}
