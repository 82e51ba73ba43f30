/**
 * Chooses an ETS form, its season and its rates by the mean absolute error of paths over the newest steps, which the
 * starting season has not seen: near, midway and far ahead, as the forecast will be used. First every season on its
 * own scale by a coarse grid of rates, then the trends of the best one by Nelder–Mead.
 */
import { usableHistory } from '../plain-data.ts'
import {
  type EtsForm,
  type EtsState,
  levelOf,
  noSeason,
  pointOf,
  type Rates,
  type SeasonForm,
  seasonKind,
  startState,
  stepOf,
  type TrendForm,
} from './ets-step.ts'
import { nelderMead } from './nelder-mead.ts'
import { median, type SeasonKind, seasonalProfile } from './seasonal-profile.ts'

/** What lies further back says little about tomorrow, and would make a fit take as long as the history is old. */
const MOST_STEPS = 10_000
const MOST_WINDOW_STEPS = 3000
const LEAST_WINDOW_STEPS = 20
/** Steps before the window that its starting level is the mean of, at least. */
const LEVEL_STEPS = 12
const GRID = { alpha: [0.02, 0.1, 0.3, 0.6, 0.95], gamma: [0, 0.1] }
const EVALUATIONS: Readonly<Record<TrendForm, number>> = { N: 30, A: 40, Ad: 70 }
/** Of α, γ, β, φ, as many as the trend has. */
const DIMENSIONS: Readonly<Record<TrendForm, number>> = { N: 2, A: 3, Ad: 4 }
const LOWER = [0.005, 0, 0, 0.8]
const UPPER = [0.99, 0.5, 0.3, 0.98]

export interface Choice {
  readonly form: EtsForm
  readonly seasonSteps: number
  readonly rates: Rates
  /** Four robust deviations of the one-step error, on the form's scale. */
  readonly clip: number
  /** Where the window begins. */
  readonly from: number
}

const UNTESTED: Omit<Choice, 'seasonSteps'> = {
  form: { error: 'A', trend: 'N', season: 'A', root: false },
  rates: { alpha: 0.3, beta: 0, gamma: 0.05, phi: 1 },
  clip: 0,
  from: 0,
}

/** The newest steps and how far ahead they are foreseen. */
interface Window {
  readonly values: Float64Array
  readonly roots: Float64Array
  readonly from: number
  readonly horizons: readonly number[]
}

/** A season on a scale, as it was before the window. */
interface Ground {
  readonly window: Window
  readonly season: SeasonForm
  readonly seasonSteps: number
  readonly root: boolean
  readonly profile: Float64Array
  readonly level: number
}

interface Candidate {
  readonly ground: Ground
  readonly trend: TrendForm
  readonly x: readonly number[]
  readonly loss: number
}

/** The steps that a fit looks at: usable or NaN, and of the longest season two. */
export function newestSteps(history: Float64Array, seasons: readonly number[]): Float64Array {
  const steps = Math.max(MOST_STEPS, 2 * (seasons.at(-1) ?? 0))
  return usableHistory(history.subarray(Math.max(0, history.length - steps)))
}

/**
 * `values` are usable or NaN. A season that came once, with too little after it to be tested, is believed, with cautious
 * rates. Undefined when there is too little even without a season.
 */
export function chooseForm(
  values: Float64Array,
  seasons: readonly number[],
  horizonSteps: number,
): Choice | undefined {
  const known = seasons.filter((m) => values.length >= m)
  const window = windowOf(values, known, horizonSteps)
  if (!window) {
    const once = known.findLast((m) => values.length < 2 * m)
    return once === undefined ? undefined : { ...UNTESTED, seasonSteps: once }
  }
  const best = bestGround(window, known, true)
  if (!best) return undefined
  const refined = leastLoss([best, refine(best, 'N'), refine(best, 'Ad'), refine(best, 'A')])!
  return choiceOf(refined)
}

/** A season to adjust for, as it was before the steps from `from` on, on which what follows may be tested. */
export interface SeasonChoice {
  readonly kind: SeasonKind
  /** 1: none. */
  readonly seasonSteps: number
  readonly before: Float64Array
  readonly from: number
  readonly horizons: readonly number[]
}

/** The season with which simple exponential smoothing foretells paths best, if any; chosen as in `chooseForm`. */
export function chooseSeason(
  values: Float64Array,
  seasons: readonly number[],
  horizonSteps: number,
): SeasonChoice {
  const known = seasons.filter((m) => values.length >= m)
  const window = windowOf(values, known, horizonSteps)
  const best = window && bestGround(window, known, false)
  if (best) {
    const { season, seasonSteps, profile: before } = best.ground
    const { from, horizons } = window
    return { kind: seasonKind({ season }), seasonSteps, before, from, horizons }
  }
  const seasonSteps = (window ? undefined : known.findLast((m) => values.length < 2 * m)) ?? 1
  const before = seasonalProfile(values, seasonSteps, 'additive')
  return { kind: 'additive', seasonSteps, before, from: 0, horizons: [1] }
}

/** Half of the values, at most; the longest season that came twice must have come once before. */
function windowOf(
  values: Float64Array,
  seasons: readonly number[],
  horizonSteps: number,
): Window | undefined {
  const before = seasons.findLast((m) => values.length >= 2 * m) ?? seasons[0] ?? 1
  const spare = values.length - Math.max(before, LEVEL_STEPS)
  const steps = Math.min(spare, values.length >> 1, MOST_WINDOW_STEPS)
  if (steps < LEAST_WINDOW_STEPS) return undefined
  return {
    values,
    roots: values.map(Math.sqrt),
    from: values.length - steps,
    horizons: horizonsOf(Math.min(horizonSteps, steps >> 2)),
  }
}

/** Next, near (√h) and midway (h/2): the mean over these stands for the whole path at a fraction of its cost. */
function horizonsOf(horizonSteps: number): number[] {
  const near = Math.round(Math.sqrt(horizonSteps))
  return [...new Set([1, near, Math.ceil(horizonSteps / 2)])].filter((h) => h >= 1)
}

/** Without trend: no season, each season, and the best one's other kinds; √load only where `roots` allows it. */
function bestGround(
  window: Window,
  seasons: readonly number[],
  roots: boolean,
): Candidate | undefined {
  const tried = (season: SeasonForm, m: number, root: boolean): Candidate | undefined =>
    root && !roots ? undefined : bestOnGrid(ground(window, season, m, root))
  const usable = seasons.filter((m) => m <= window.from)
  const additive = leastLoss(usable.map((m) => tried('A', m, false)))
  const plain = [tried('N', 1, false), tried('N', 1, true), additive]
  const m = additive?.ground.seasonSteps
  const other = m === undefined ? [] : [tried('M', m, false), tried('A', m, true)]
  const best = leastLoss([...plain, ...other])
  return best && Number.isFinite(best.loss) ? best : undefined
}

function ground(
  window: Window,
  season: SeasonForm,
  seasonSteps: number,
  root: boolean,
): Ground | undefined {
  const { from } = window
  const values = root ? window.roots : window.values
  const kind = seasonKind({ season })
  const past = values.subarray(0, from)
  const profile = season === 'N' ? noSeason(kind) : seasonalProfile(past, seasonSteps, kind)
  const near = Math.max(LEVEL_STEPS, seasonSteps >> 2)
  const level =
    levelOf(values, Math.max(0, from - near), from, profile, kind) ??
    levelOf(values, 0, from, profile, kind)
  if (level === undefined || (season === 'M' && level <= 0)) return undefined
  return { window, season, seasonSteps, root, profile, level }
}

function bestOnGrid(ground: Ground | undefined): Candidate | undefined {
  if (!ground) return undefined
  const candidates: Candidate[] = []
  for (const alpha of GRID.alpha)
    for (const gamma of ground.season === 'N' ? [0] : GRID.gamma)
      candidates.push(candidate(ground, 'N', [alpha, gamma]))
  return leastLoss(candidates)
}

function refine({ ground, x: start }: Candidate, trend: TrendForm): Candidate {
  const dimensions = DIMENSIONS[trend]
  const upper = ground.season === 'N' ? [UPPER[0]!, 0, ...UPPER.slice(2)] : UPPER
  const box = { lower: LOWER.slice(0, dimensions), upper: upper.slice(0, dimensions) }
  const loss = (x: readonly number[]): number => candidate(ground, trend, x).loss
  const from = [...start, 0.01, 0.9].slice(0, dimensions)
  return candidate(ground, trend, nelderMead(loss, from, box, EVALUATIONS[trend]))
}

function candidate(ground: Ground, trend: TrendForm, x: readonly number[]): Candidate {
  return { ground, trend, x, loss: pathLoss(ground, stateBefore(ground, trend, x)) }
}

/** The first of several equals, so that what is simpler comes first. */
function leastLoss(candidates: readonly (Candidate | undefined)[]): Candidate | undefined {
  let best: Candidate | undefined
  for (const one of candidates) if (one && (!best || one.loss < best.loss)) best = one
  return best
}

function formOf({ season, root }: Ground, trend: TrendForm): EtsForm {
  return { error: 'A', trend, season, root }
}

/** Keeps β ≤ α and γ ≤ 1 − α, inside which the recursion is stable (Hyndman et al. 2008, §2.5). */
function ratesOf(
  [alpha = 0, gamma = 0, beta = 0, phi = 1]: readonly number[],
  trend: TrendForm,
): Rates {
  return {
    alpha,
    beta: trend === 'N' ? 0 : Math.min(beta, alpha),
    gamma: Math.min(gamma, 1 - alpha),
    phi: trend === 'Ad' ? phi : 1,
  }
}

function stateBefore(ground: Ground, trend: TrendForm, x: readonly number[]): EtsState {
  const { profile, window, level } = ground
  return startState(formOf(ground, trend), ratesOf(x, trend), profile, window.from, level)
}

/** Mean absolute error over the window at each of its horizons, averaged, on the load's own scale. */
function pathLoss({ window, root }: Ground, state: EtsState): number {
  const { values: actuals, from, horizons } = window
  const values = root ? window.roots : actuals
  const { phi } = state
  const reach = horizons.map((h) => (phi === 1 ? h : (phi * (1 - phi ** h)) / (1 - phi)))
  const step = stepOf(state.form)
  let sum = 0
  let count = 0
  for (let i = from; i < values.length; i++) {
    for (let j = 0; j < horizons.length; j++) {
      const ahead = horizons[j]! - 1
      if (i + ahead >= values.length) break
      const miss = Math.abs(actuals[i + ahead]! - pointAhead(state, ahead, reach[j]!))
      if (Number.isNaN(miss)) continue
      sum += miss
      count++
    }
    step(state, values[i]!)
  }
  return count === 0 ? Number.POSITIVE_INFINITY : sum / count
}

/** The path's value `ahead` steps after the next; `reach` = φ + φ² + … up to there. */
function pointAhead(state: EtsState, ahead: number, reach: number): number {
  const { form, season, position, level, trend } = state
  const slot = position + ahead
  const index = season[slot < season.length ? slot : slot % season.length]!
  return pointOf(form, level + reach * trend, index)
}

function choiceOf({ ground, trend, x }: Candidate): Choice {
  const { window, seasonSteps } = ground
  const { from } = window
  const values = ground.root ? window.roots : window.values
  const state = stateBefore(ground, trend, x)
  const step = stepOf(state.form)
  const errors = values.subarray(from).map((v) => Math.abs(step(state, v)))
  const clip = 4 * 1.4826 * median(errors.filter((e) => !Number.isNaN(e)))
  return { form: state.form, seasonSteps, rates: ratesOf(x, trend), clip, from }
}
