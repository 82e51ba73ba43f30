/**
 * The smoothing rates of Holt–Winters: a coarse grid, then Nelder–Mead, on the mean absolute error at three
 * horizons over seasons that the starting shape has not seen. Several horizons, because rates that are best
 * one step ahead chase noise.
 */
import {
  type HoltWintersState,
  levelOf,
  type Rates,
  type Step,
  startState,
} from './holt-winters-step.ts'
import { nelderMead } from './nelder-mead.ts'
import { median, type SeasonKind, seasonalProfile } from './seasonal-profile.ts'

const HORIZONS = [1, 4, 12]
const LEAST_SEARCH_POINTS = 24
const MOST_SEARCH_POINTS = 3000
const EVALUATIONS = 120
const BOX = { lower: [0.01, 0, 0, 0.8], upper: [0.99, 0.3, 0.5, 0.98] }

const CAUTIOUS: Rates = { alpha: 0.3, beta: 0.01, gamma: 0.05, phi: 0.9 }

/** `clip` is four robust deviations of the one-step error. */
export function chooseRates(
  values: Float64Array,
  seasonSteps: number,
  kind: SeasonKind,
  step: Step,
): { rates: Rates; clip: number } {
  const seasons = Math.floor(values.length / seasonSteps)
  const unseen =
    seasonSteps === 1
      ? values.length - Math.min(12, values.length >> 1)
      : Math.max(Math.floor(seasons / 2) * seasonSteps, values.length - seasonSteps)
  const points = Math.min(unseen, MOST_SEARCH_POINTS, values.length)
  const from = values.length - points
  const past = values.subarray(0, values.length - unseen)
  const before = past.length >= seasonSteps ? past : values
  const season = seasonalProfile(before, seasonSteps, kind)
  const level =
    levelOf(values, Math.max(0, from - Math.max(12, seasonSteps >> 2)), from, season, kind) ??
    levelOf(values, 0, values.length, season, kind)
  if (points < LEAST_SEARCH_POINTS || before === values || level === undefined)
    return { rates: CAUTIOUS, clip: 0 }
  const loss = (x: readonly number[]): number =>
    pathLoss(values, from, startState(ratesOf(x), season, from, level), kind, step)
  const start = bestOf(loss)
  const rates = ratesOf(nelderMead(loss, start, BOX, EVALUATIONS))
  return { rates, clip: clipOf(values, from, startState(rates, season, from, level), step) }
}

/** Keeps β ≤ α and γ ≤ 1 − α, inside which the recursion is stable. */
function ratesOf([alpha, beta, gamma, phi]: readonly number[]): Rates {
  return {
    alpha: alpha!,
    beta: Math.min(beta!, alpha!),
    gamma: Math.min(gamma!, 1 - alpha!),
    phi: phi!,
  }
}

function bestOf(loss: (x: readonly number[]) => number): readonly number[] {
  let best: readonly number[] = []
  let least = Number.POSITIVE_INFINITY
  for (const alpha of [0.05, 0.2, 0.5, 0.9]) {
    for (const gamma of [0, 0.1]) {
      const x = [alpha, 0.01, gamma, 0.9]
      const value = loss(x)
      if (best.length === 0 || value < least) {
        least = value
        best = x
      }
    }
  }
  return best
}

/** Mean absolute error over [from, end) at each of `HORIZONS`, averaged. */
function pathLoss(
  values: Float64Array,
  from: number,
  state: HoltWintersState,
  kind: SeasonKind,
  step: Step,
): number {
  const { phi } = state
  const reach = HORIZONS.map((h) => (phi * (1 - phi ** h)) / (1 - phi))
  let sum = 0
  let count = 0
  for (let i = from; i < values.length; i++) {
    for (let j = 0; j < HORIZONS.length; j++) {
      const ahead = HORIZONS[j]! - 1
      if (i + ahead >= values.length) break
      const miss = Math.abs(values[i + ahead]! - pointAhead(state, ahead, reach[j]!, kind))
      if (Number.isNaN(miss)) continue
      sum += miss
      count++
    }
    step(state, values[i]!)
  }
  return count === 0 ? Number.POSITIVE_INFINITY : sum / count
}

/** The path's value `ahead` steps after the next; `reach` = φ + φ² + … up to there. */
function pointAhead(
  { season, position, level, trend }: HoltWintersState,
  ahead: number,
  reach: number,
  kind: SeasonKind,
): number {
  const slot = position + ahead
  const index = season[slot < season.length ? slot : slot % season.length]!
  const base = level + reach * trend
  return Math.max(0, kind === 'additive' ? base + index : base * index)
}

function clipOf(values: Float64Array, from: number, state: HoltWintersState, step: Step): number {
  const errors = new Float64Array(values.length - from)
  for (let i = from; i < values.length; i++) errors[i - from] = Math.abs(step(state, values[i]!))
  return 4 * 1.4826 * median(errors.filter((e) => !Number.isNaN(e)))
}
