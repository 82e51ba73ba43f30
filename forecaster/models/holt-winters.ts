/**
 * Holt–Winters with damped trend, additive or multiplicative season, in error-correction form: ETS(A,Ad,A) and
 * ETS(A,Ad,M) (Hyndman & Athanasopoulos, FPP3 §8.3–8.5). One step costs O(1): the season is an array updated in
 * place. Differs from the textbook where load needs it: the season's start is a robust smoothed shape, a single
 * outlier may not bend the season, and dividing by a tiny share of the season is bounded.
 */
import { z } from 'zod'
import type { MemberKind } from '../forecast.ts'
import type { ForecastModel } from '../model.ts'
import { clampToPath, FiniteNumbers, usable, usableHistory } from '../plain-data.ts'
import { chooseRates } from './holt-winters-search.ts'
import {
  type HoltWintersState,
  levelOf,
  type Step,
  startState,
  stepAdditive,
  stepMultiplicative,
} from './holt-winters-step.ts'
import { newPath } from './path-storage.ts'
import { type SeasonKind, seasonalProfile } from './seasonal-profile.ts'

const LEAST_POINTS = 24

const StoredState = z.strictObject({
  season: FiniteNumbers,
  position: z.int().min(0),
  level: z.number(),
  trend: z.number(),
  alpha: z.number().min(0).max(1),
  beta: z.number().min(0).max(1),
  gamma: z.number().min(0).max(1),
  phi: z.number().min(0).max(1),
  clip: z.number().min(0),
})
export function createHoltWinters(kind: SeasonKind): ForecastModel<HoltWintersState> {
  const step = kind === 'additive' ? stepAdditive : stepMultiplicative
  const modelKind: MemberKind = `holt-winters-${kind}`
  return {
    kind: modelKind,
    fit(history, { seasons }) {
      const values = usableHistory(history)
      const seasonSteps = seasons[0] ?? 1
      const seasonal = values.length >= seasonSteps
      if (!seasonal && kind === 'multiplicative') return undefined
      return fitState(values, seasonal ? seasonSteps : 1, kind, step)
    },
    update(state, value) {
      step(state, usable(value))
      return state
    },
    next(state) {
      const base = state.level + state.phi * state.trend
      const index = state.season[state.position]!
      return clampToPath(kind === 'additive' ? base + index : base * index)
    },
    predict(state, horizonSteps) {
      const path = newPath(horizonSteps)
      const { season, phi } = state
      const additive = kind === 'additive'
      let base = state.level
      let damped = state.trend
      let slot = state.position
      for (let k = 0; k < horizonSteps; k++) {
        damped *= phi
        base += damped
        const index = season[slot]!
        path[k] = clampToPath(additive ? base + index : base * index)
        slot = slot + 1 === season.length ? 0 : slot + 1
      }
      return path
    },
    read(stored) {
      const state = StoredState.parse(stored)
      return { ...state, position: state.position % state.season.length }
    },
  }
}

function fitState(
  values: Float64Array,
  seasonSteps: number,
  kind: SeasonKind,
  step: Step,
): HoltWintersState | undefined {
  const known = values.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
  if (known < LEAST_POINTS || values.length < seasonSteps) return undefined
  const season = seasonalProfile(values, seasonSteps, kind)
  const { rates, clip } = chooseRates(values, seasonSteps, kind, step)
  const runIn = Math.min(values.length, Math.max(seasonSteps, 100))
  const from = values.length - runIn
  const level =
    levelOf(values, from, from + Math.ceil(runIn / 4), season, kind) ??
    levelOf(values, 0, values.length, season, kind)
  if (level === undefined || (kind === 'multiplicative' && level <= 0)) return undefined
  const state = startState({ ...rates, gamma: 0 }, season, from, level)
  for (let i = from; i < values.length; i++) step(state, values[i]!)
  state.gamma = seasonSteps > 1 ? rates.gamma : 0
  state.clip = clip
  if (!Number.isFinite(state.level + state.trend)) return undefined
  return state
}
