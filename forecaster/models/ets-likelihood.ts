/**
 * Chooses an ETS form for a short series by AICc: every admissible form is fitted by maximum likelihood of its
 * one-step errors (Hyndman, Koehler, Ord & Snyder 2008, §5.1; FPP3 §8.6),
 *
 *   −2 log L = n · log Σ ε²  (+ 2 Σ log |μ| where errors are multiplicative, ε = (y − μ) / μ)
 *
 * up to the constant that R's `forecast` leaves out too. Multiplicative seasons stand only with multiplicative errors,
 * as the others are unstable (ibid. §10.2; FPP3 §8.6); a multiplicative form needs positive values.
 */
import {
  type ErrorForm,
  type EtsForm,
  type EtsState,
  levelOf,
  noSeason,
  type SeasonForm,
  seasonKind,
  startState,
  stepOf,
  type TrendForm,
} from './ets-step.ts'
import { type Box, nelderMead } from './nelder-mead.ts'
import { seasonalProfile } from './seasonal-profile.ts'

const EVALUATIONS = 160
/** Longer seasons have more indices than a short series can pay for; R's `ets` draws the line here too. */
const LONGEST_SEASON_STEPS = 24
/** Values that the first guesses of level and slope are taken from (Hyndman et al. 2008, §2.6.1). */
const START_STEPS = 10

/** −2 log likelihood of `values`, which `state` stands before and is moved through; NaN values are passed over. */
export function minusTwoLogLikelihood(state: EtsState, values: Float64Array): number {
  const step = stepOf(state.form)
  const relative = state.form.error === 'M'
  let squares = 0
  let logs = 0
  let count = 0
  for (const value of values) {
    const error = step(state, value)
    if (Number.isNaN(error)) continue
    count++
    const mean = value - error
    if (relative && !(mean > 0)) return Number.POSITIVE_INFINITY
    const scaled = relative ? error / mean : error
    squares += scaled * scaled
    if (relative) logs += Math.log(mean)
  }
  return count * Math.log(squares) + 2 * logs
}

/**
 * A state at the end of `values` (usable or NaN, at least one known), of the form with the least AICc;
 * undefined when there are too few values for any.
 */
export function likeliestState(
  values: Float64Array,
  seasons: readonly number[],
): EtsState | undefined {
  const known = values.filter((v) => !Number.isNaN(v))
  const positive = known.every((v) => v > 0)
  const seasonSteps = seasons.findLast(
    (m) => m <= LONGEST_SEASON_STEPS && values.length >= 2 * m && known.length > m + 6,
  )
  let best: EtsState | undefined
  let least = Number.POSITIVE_INFINITY
  for (const form of admissibleForms(seasonSteps !== undefined, positive)) {
    const m = form.season === 'N' ? 1 : seasonSteps!
    const found = maximizeLikelihood(values, m, form)
    if (!found) continue
    const criterion = aicc(found.minusTwoLogL, parameterCount(form, m), known.length)
    if (criterion < least) {
      least = criterion
      best = found.state
    }
  }
  return best
}

function admissibleForms(seasonal: boolean, positive: boolean): EtsForm[] {
  const forms: EtsForm[] = []
  const seasons: SeasonForm[] = seasonal ? ['N', 'A', 'M'] : ['N']
  const errors: ErrorForm[] = positive ? ['A', 'M'] : ['A']
  const trends: TrendForm[] = ['N', 'A', 'Ad']
  for (const season of seasons)
    for (const error of errors)
      for (const trend of trends)
        if (season !== 'M' || error === 'M') forms.push({ error, trend, season, root: false })
  return forms
}

/** Rates, starting states and the errors' variance; the last seasonal index follows from the others. */
function parameterCount({ trend, season }: EtsForm, seasonSteps: number): number {
  const trendCount = { N: 0, A: 2, Ad: 3 }[trend]
  return 3 + trendCount + (season === 'N' ? 0 : seasonSteps)
}

/** Infinite where the correction for few values has no meaning. */
function aicc(minusTwoLogL: number, parameters: number, count: number): number {
  const left = count - parameters - 1
  if (left <= 0) return Number.POSITIVE_INFINITY
  return minusTwoLogL + 2 * parameters + (2 * parameters * (parameters + 1)) / left
}

interface Fitted {
  readonly state: EtsState
  readonly minusTwoLogL: number
}

function maximizeLikelihood(
  values: Float64Array,
  seasonSteps: number,
  form: EtsForm,
): Fitted | undefined {
  const kind = seasonKind(form)
  const season = form.season === 'N' ? noSeason(kind) : seasonalProfile(values, seasonSteps, kind)
  const steps = Math.max(START_STEPS, seasonSteps)
  const early = levelOf(values, 0, steps, season, kind)
  const late = levelOf(values, steps, 2 * steps, season, kind)
  const level = early ?? levelOf(values, 0, values.length, season, kind)
  if (level === undefined) return undefined
  const slope = early === undefined || late === undefined ? 0 : (late - early) / steps
  const stateOf = (x: readonly number[]): EtsState => {
    const [alpha = 0, start = 0, gamma = 0, beta = 0, trend = 0, phi = 1] = x
    const rates = {
      alpha,
      beta: form.trend === 'N' ? 0 : Math.min(beta, alpha),
      gamma: form.season === 'N' ? 0 : Math.min(gamma, 1 - alpha),
      phi: form.trend === 'Ad' ? phi : 1,
    }
    const state = startState(form, rates, season, 0, start)
    state.trend = form.trend === 'N' ? 0 : trend
    return state
  }
  const spread = Math.max(1e-9, ...values.map((v) => (Number.isNaN(v) ? 0 : Math.abs(v - level))))
  const box = boxOf(level, slope, spread)
  const start = [
    0.3,
    level - (form.trend === 'N' ? 0 : (slope * steps) / 2),
    0.05,
    0.02,
    slope,
    0.95,
  ]
  const dimensions = form.trend === 'N' ? 3 : form.trend === 'A' ? 5 : 6
  const x = nelderMead(
    (v) => minusTwoLogLikelihood(stateOf(v), values),
    start.slice(0, dimensions),
    { lower: box.lower.slice(0, dimensions), upper: box.upper.slice(0, dimensions) },
    EVALUATIONS,
  )
  const state = stateOf(x)
  const minusTwoLogL = minusTwoLogLikelihood(state, values)
  return Number.isNaN(minusTwoLogL) ? undefined : { state, minusTwoLogL }
}

/** The box of rates is R's; level and slope may lie as far from their first guess as the values do. */
function boxOf(level: number, slope: number, spread: number): Box {
  return {
    lower: [1e-4, level - spread, 1e-4, 1e-4, slope - spread / START_STEPS, 0.8],
    upper: [0.9999, level + spread, 0.9999, 0.9999, slope + spread / START_STEPS, 0.98],
  }
}
