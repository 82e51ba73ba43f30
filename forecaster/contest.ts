/**
 * Which models serve a series: each one is backtested, corrected and calibrated alike, and scored by held-out pinball
 * loss; so is the ensemble of them. Seasonal naive (without a season: last value) always takes part, and wins alone
 * where nothing beats it.
 */
import {
  type BacktestPlan,
  type BacktestRun,
  planBacktest,
  runBacktest,
} from './accuracy/backtest.ts'
import { mase, naiveScale } from './accuracy/mase.ts'
import type { ForecastConfig } from './config.ts'
import { calibrate, type Scored } from './conformal.ts'
import { type Correction, chooseCorrection, correctedRun, noCorrection } from './correction.ts'
import { combineRuns, decayOf, weightsOf } from './ensemble.ts'
import type { MemberKind, ModelKind, Quality } from './forecast.ts'
import { grainOf } from './grain.ts'
import type { FitContext } from './model.ts'
import { modelOf } from './models/registry.ts'

/** One row of the contest, as it is kept in the ledger. */
export interface Contestant {
  readonly kind: ModelKind
  readonly scaledPinball: number | null
  readonly mase: number | null
  readonly note: string | null
}

export interface ContestMember {
  readonly kind: MemberKind
  readonly correction: Correction
}

export interface Candidate extends Contestant {
  /** One, or those of the ensemble. */
  readonly members: readonly ContestMember[]
  /** Discounted losses, cell `probe · members + member`. */
  readonly losses: Float64Array
  readonly calibration: Scored
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
const TINY = 1e-9
const LEAST_SCORED = 5
/** A member that weighs less than this at every probe is not worth its time. */
const LEAST_WEIGHT = 0.04

export function holdContest(
  history: Float64Array,
  config: ForecastConfig,
  context: FitContext,
): Contest {
  const season = context.seasons.at(-1) ?? 1
  const plan = planBacktest(history.length, season, config.horizonSteps, config.origins)
  const entries: Entry[] = []
  const absent: Contestant[] = []
  for (const kind of kindsOf(config, context, plan)) {
    const run = plan && runBacktest(modelOf(kind), history, plan, context)
    if (run && isTelling(run)) entries.push(enter(kind, run))
    else absent.push({ kind, scaledPinball: null, mase: null, note: 'too little or unfit history' })
  }
  if (!plan) return { candidates: [], absent }
  const judge = judgeOf(history, plan, config, context)
  const candidates = entries.map((entry) => judge.single(entry))
  const able = entries.filter(({ run }) => run.points.every(Number.isFinite))
  if (config.models.includes('ensemble') && able.length > 1) candidates.push(judge.ensemble(able))
  return { candidates: rank(candidates), absent }
}

function kindsOf(
  config: ForecastConfig,
  { seasons, neural }: FitContext,
  plan: BacktestPlan | undefined,
): Set<MemberKind> {
  // a network that nobody has trained yet does not compete
  const named = config.models.filter(
    (kind): kind is MemberKind =>
      kind !== 'ensemble' && ((kind !== 'lstm' && kind !== 'gru') || neural?.[kind] !== undefined),
  )
  const seasonal = plan !== undefined && seasons.some((season) => plan.trainSteps >= season)
  return new Set<MemberKind>([
    'seasonal-naive',
    ...named,
    ...(seasonal ? [] : (['last-value'] as const)),
  ])
}

interface Entry extends ContestMember {
  readonly run: BacktestRun
}

function enter(kind: MemberKind, run: BacktestRun): Entry {
  const correction = isSimple(kind) ? noCorrection() : chooseCorrection(run)
  return { kind, correction, run: correctedRun(run, correction) }
}

function isSimple(kind: ModelKind): boolean {
  return kind === 'seasonal-naive' || kind === 'last-value'
}

/** Whether enough came one step ahead for the errors to mean anything. */
function isTelling({ plan, actuals }: BacktestRun): boolean {
  let seen = 0
  for (let o = 0; o < plan.origins.length; o++)
    if (!Number.isNaN(actuals[o * plan.probes.length]!)) seen++
  return seen >= LEAST_SCORED
}

interface Judge {
  single(entry: Entry): Candidate
  ensemble(entries: readonly Entry[]): Candidate
}

function judgeOf(
  history: Float64Array,
  plan: BacktestPlan,
  config: ForecastConfig,
  { seasons }: FitContext,
): Judge {
  const grain = grainOf(history)
  const naiveError = naiveScale(history.subarray(0, plan.trainSteps), seasons[0] ?? 1)
  const score = (run: BacktestRun, search: boolean) => {
    const calibration = calibrate({ ...run, grain }, config.horizonSteps, search)
    const quality: Quality = {
      mase: mase(run.points, run.actuals, naiveError),
      scaledPinball: calibration.scaledPinball,
      coverage90: calibration.coverage90,
      origins: plan.origins.length,
    }
    const error = mase(run.points, run.actuals, 1) ?? 0
    return { calibration, quality, scaledPinball: quality.scaledPinball, mase: quality.mase, error }
  }
  const decay = decayOf(seasons)
  return {
    single({ kind, correction, run }) {
      const { losses } = combineRuns([run], decay)
      const note =
        correction.gain > 0
          ? `corrected by its recent errors (decay ${correction.decay}, gain ${correction.gain})`
          : null
      return { kind, note, members: [{ kind, correction }], losses, ...score(run, false) }
    },
    ensemble(entries) {
      const all = combineRuns(
        entries.map((entry) => entry.run),
        decay,
      )
      const heard = entries.filter(
        (_, m) => heaviest(all.losses, entries.length, m) >= LEAST_WEIGHT,
      )
      const { run, losses } =
        heard.length === entries.length
          ? all
          : combineRuns(
              heard.map((entry) => entry.run),
              decay,
            )
      return {
        kind: 'ensemble',
        note: weightNote(heard, losses),
        members: heard.map(({ kind, correction }) => ({ kind, correction })),
        losses,
        ...score(run, true),
      }
    },
  }
}

function heaviest(losses: Float64Array, members: number, member: number): number {
  const weights = weightsOf(losses, members)
  let most = 0
  for (let at = member; at < weights.length; at += members) most = Math.max(most, weights[at]!)
  return most
}

/** "linear 62 %, arima 38 %": mean weights over the probes. */
function weightNote(entries: readonly Entry[], losses: Float64Array): string {
  const members = entries.length
  const weights = weightsOf(losses, members)
  const probes = weights.length / members
  return entries
    .map(({ kind }, m) => {
      let sum = 0
      for (let at = m; at < weights.length; at += members) sum += weights[at]!
      return { kind, share: Math.round((100 * sum) / probes) }
    })
    .toSorted((a, b) => b.share - a.share)
    .map(({ kind, share }) => `${kind} ${share} %`)
    .join(', ')
}

/**
 * By pinball loss, each probe counting alike; but the simple model stays ahead of all that do not beat it clearly, and
 * the ensemble ahead of its members: it weighs them on after the contest, where one alone would be trusted beyond what
 * it was tested on.
 */
function rank(candidates: readonly Candidate[]): Candidate[] {
  const together = candidates.find(({ kind }) => kind === 'ensemble')
  const own = ({ calibration }: Candidate): number =>
    calibration.logLoss ?? Number.POSITIVE_INFINITY
  const loss = (candidate: Candidate): number => {
    if (isSimple(candidate.kind)) return own(candidate) - LEAST_LEAD
    if (candidate === together || !together) return own(candidate)
    return Math.max(own(candidate), own(together) + TINY)
  }
  // equal losses (all zero, or not measurable) keep the order of entry: seasonal naive first
  return [...candidates].sort((a, b) => differ(loss(a), loss(b)) || differ(own(a), own(b)))
}

/** The difference, for sorting; infinities are equal to one another. */
function differ(a: number, b: number): number {
  return a === b ? 0 : a - b
}
