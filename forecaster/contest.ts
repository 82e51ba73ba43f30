/**
 * Which model serves a series best: each one is backtested, corrected and calibrated alike, and scored by held-out
 * pinball loss. Seasonal naive always takes part; a more complex model must beat it.
 */
import { type BacktestRun, planBacktest, runBacktest } from './accuracy/backtest.ts'
import { mase, naiveScale } from './accuracy/mase.ts'
import type { ForecastConfig } from './config.ts'
import { calibrate } from './conformal.ts'
import { type Correction, chooseCorrection, correctedPoints, noCorrection } from './correction.ts'
import type { Band, ModelKind, Quality } from './forecast.ts'
import type { FitContext } from './model.ts'
import { modelOf } from './models/registry.ts'

/** One row of the contest, as it is kept in the ledger. */
export interface Contestant {
  readonly kind: ModelKind
  readonly scaledPinball: number | null
  readonly mase: number | null
  readonly note: string | null
}

export interface Candidate extends Contestant {
  readonly band: Band
  readonly correction: Correction
  readonly quality: Quality
  /** Mean absolute error of the point path. */
  readonly error: number
}

export interface Contest {
  /** Best first; empty when the history is too short to test anything. */
  readonly candidates: readonly Candidate[]
  /** Models that could not take part, and why. */
  readonly absent: readonly Contestant[]
}

/** A model with more to learn wins only by more than chance would give it. */
const LEAST_LEAD = 0.01
const LEAST_SCORED = 5

export function holdContest(
  history: Float64Array,
  config: ForecastConfig,
  context: FitContext,
): Contest {
  const seasonSteps = Math.max(1, ...context.seasons)
  const plan = planBacktest(history.length, seasonSteps, config.horizonSteps, config.origins)
  const seasonal = plan !== undefined && plan.trainSteps >= seasonSteps
  const kinds = new Set<ModelKind>(['seasonal-naive', ...config.models])
  if (!seasonal) kinds.add('last-value')
  const candidates: Candidate[] = []
  const absent: Contestant[] = []
  for (const kind of kinds) {
    const run = plan && runBacktest(modelOf(kind), history, plan, context)
    if (run && isTelling(run)) candidates.push(score(kind, run, history, config, seasonSteps))
    else absent.push({ kind, scaledPinball: null, mase: null, note: 'too little or unfit history' })
  }
  return { candidates: rank(candidates), absent }
}

/** Whether enough came one step ahead for the errors to mean anything. */
function isTelling({ plan, actuals }: BacktestRun): boolean {
  let seen = 0
  for (let o = 0; o < plan.origins.length; o++)
    if (!Number.isNaN(actuals[o * plan.knots.length]!)) seen++
  return seen >= LEAST_SCORED
}

function score(
  kind: ModelKind,
  run: BacktestRun,
  history: Float64Array,
  config: ForecastConfig,
  seasonSteps: number,
): Candidate {
  const textbook = kind === 'seasonal-naive' || kind === 'last-value'
  const correction = textbook ? noCorrection() : chooseCorrection(run)
  const points = correctedPoints(run, correction)
  const { plan, actuals } = run
  const scored = calibrate({ plan, points, actuals }, config.horizonSteps)
  const scale = naiveScale(history.subarray(0, plan.trainSteps), seasonSteps)
  const quality: Quality = {
    mase: mase(points, actuals, scale),
    scaledPinball: scored.scaledPinball,
    coverage90: scored.coverage90,
    origins: plan.origins.length,
  }
  return {
    kind,
    scaledPinball: quality.scaledPinball,
    mase: quality.mase,
    note:
      correction.gain > 0
        ? `corrected by its recent errors (decay ${correction.decay}, gain ${correction.gain})`
        : null,
    band: scored.band,
    correction,
    quality,
    error: mase(points, actuals, 1) ?? 0,
  }
}

/** By pinball loss; but the simple model stays ahead of all that do not beat it clearly. */
function rank(candidates: readonly Candidate[]): Candidate[] {
  const loss = ({ kind, scaledPinball }: Candidate): number => {
    if (scaledPinball === null) return Number.POSITIVE_INFINITY
    const simple = kind === 'seasonal-naive' || kind === 'last-value'
    return simple ? scaledPinball * (1 - LEAST_LEAD) : scaledPinball
  }
  // equal losses (all zero, or not measurable) keep the order of entry: seasonal naive first
  return [...candidates].sort((a, b) => (loss(a) === loss(b) ? 0 : loss(a) - loss(b)))
}
