/**
 * Exponential smoothing with automatic choice of its form: trend none, additive or damped, season none, additive or
 * multiplicative, of the load or of its square root (Hyndman, Koehler, Ord & Snyder 2008; Hyndman & Athanasopoulos, FPP3
 * §8). One step costs O(1): the season is an array updated in place.
 *
 * The choice is made by how well paths foretold the newest steps (`ets-search.ts`), and not, as the textbook has it, by
 * AICc on one-step errors: what is best one step ahead chases noise, and a season of 288 indices is never worth its
 * parameters to AICc. Tried on recorded loads with histories of 26 to 1,000 values, AICc was no worse only where there is
 * too little to hold steps back; there it decides (`ets-likelihood.ts`). Of several seasons the one that foretold best is
 * used.
 */
import { z } from 'zod'
import type { Component, ForecastModel } from '../model.ts'
import { FiniteNumbers, usable } from '../plain-data.ts'
import { likeliestState } from './ets-likelihood.ts'
import { type Choice, chooseForm, newestSteps } from './ets-search.ts'
import {
  type EtsForm,
  type EtsState,
  levelOf,
  noSeason,
  pointOf,
  seasonKind,
  startState,
  stepOf,
} from './ets-step.ts'
import { withRest } from './path-components.ts'
import { newPath } from './path-storage.ts'
import { seasonalProfile } from './seasonal-profile.ts'

const LEAST_POINTS = 8

const StoredState = z.strictObject({
  form: z.strictObject({
    error: z.enum(['A', 'M']),
    trend: z.enum(['N', 'A', 'Ad']),
    season: z.enum(['N', 'A', 'M']),
    root: z.boolean(),
  }),
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

export const ets: ForecastModel<EtsState> = {
  kind: 'ets',
  fit(history, { seasons, horizonSteps }) {
    const values = newestSteps(history, seasons)
    const known = values.reduce((count, v) => count + (Number.isNaN(v) ? 0 : 1), 0)
    if (known < LEAST_POINTS) return undefined
    const choice = chooseForm(values, seasons, horizonSteps)
    const state = choice ? stateAfter(values, choice) : likeliestState(values, seasons)
    return state && Number.isFinite(state.level + state.trend) ? state : undefined
  },
  update(state, value) {
    const known = usable(value)
    stepOf(state.form)(state, state.form.root ? Math.sqrt(known) : known)
    return state
  },
  next(state) {
    return pointOf(state.form, state.level + state.phi * state.trend, state.season[state.position]!)
  },
  predict(state, horizonSteps) {
    const path = newPath(horizonSteps)
    const { form, season, phi } = state
    let base = state.level
    let damped = state.trend
    let slot = state.position
    for (let k = 0; k < horizonSteps; k++) {
      damped *= phi
      base += damped
      path[k] = pointOf(form, base, season[slot]!)
      slot = slot + 1 === season.length ? 0 : slot + 1
    }
    return path
  },
  components(state, horizonSteps) {
    const { form, season, phi, level } = state
    const trends = new Float64Array(horizonSteps)
    const seasons = new Float64Array(horizonSteps)
    const plain: EtsForm = { ...form, season: 'N' }
    const flat = pointOf(plain, level, 0)
    let damped = state.trend
    let base = level
    for (let k = 0; k < horizonSteps; k++) {
      damped *= phi
      base += damped
      const sloped = pointOf(plain, base, 0)
      const index = season[(state.position + k) % season.length]!
      trends[k] = sloped - flat
      seasons[k] = pointOf(form, base, index) - sloped
    }
    const parts: Component[] = [{ name: 'level', values: trends.map(() => flat) }]
    if (form.trend !== 'N') parts.push({ name: 'trend', values: trends })
    if (form.season !== 'N')
      parts.push({ name: 'season', seasonSteps: season.length, values: seasons })
    return withRest(ets.predict(state, horizonSteps), parts)
  },
  read(stored) {
    const state = StoredState.parse(stored)
    return { ...state, position: state.position % state.season.length }
  },
}

/**
 * The state at the end: the season is that of the whole history, level and trend follow the steps from `choice.from` on;
 * only what comes later bends the season.
 */
function stateAfter(values: Float64Array, choice: Choice): EtsState | undefined {
  const { form, seasonSteps, rates, clip, from } = choice
  const kind = seasonKind(form)
  const scaled = form.root ? values.map(Math.sqrt) : values
  const season = form.season === 'N' ? noSeason(kind) : seasonalProfile(scaled, seasonSteps, kind)
  const quarter = from + Math.ceil((values.length - from) / 4)
  const level =
    levelOf(scaled, from, quarter, season, kind) ?? levelOf(scaled, 0, values.length, season, kind)
  if (level === undefined || (kind === 'multiplicative' && level <= 0)) return undefined
  const state = startState(form, { ...rates, gamma: 0 }, season, from, level)
  const step = stepOf(form)
  for (let i = from; i < values.length; i++) step(state, scaled[i]!)
  state.gamma = rates.gamma
  state.clip = clip
  return state
}
