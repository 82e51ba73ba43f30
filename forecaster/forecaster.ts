/**
 * One series' forecaster. `fitForecaster` chooses models and calibration (slow: in a worker), `advance` follows the
 * load (every step, O(1)), `forecastAt` looks ahead: the weighted mean of the members' paths inside calibrated bands.
 * A member whose path is not sound has no say; when none has, seasonal naive speaks, then the last value.
 */
import { createHash } from 'node:crypto'
import type { ForecastConfig } from './config.ts'
import { type Candidate, type Contestant, type ContestMember, holdContest } from './contest.ts'
import { followError, noCorrection } from './correction.ts'
import {
  type Covariate,
  type Effects,
  followCovariates,
  fromStep,
  layOver,
  withoutEffect,
} from './covariates/effects.ts'
import { freeOfEffects, type Verdict } from './covariates/fit-effects.ts'
import { decayOf } from './ensemble.ts'
import { seasonsOf } from './find-seasons.ts'
import type { Forecast, MemberKind, ModelKind, Quality } from './forecast.ts'
import type { ForecasterState } from './forecaster-state.ts'
import { lookAhead, speak } from './look-ahead.ts'
import type { FitContext } from './model.ts'
import { lastValue } from './models/last-value.ts'
import { modelOf } from './models/registry.ts'
import { seasonalNaive } from './models/seasonal-naive.ts'
import { usable, usableHistory } from './plain-data.ts'
import { probesOf } from './probes.ts'
import { seededRandom } from './random.ts'
import { endMs, type Series } from './series.ts'
import { publishedBand, startTracking, type TrackedFit, track } from './tracking.ts'
import { wideBand } from './wide-band.ts'

export type { ForecasterState } from './forecaster-state.ts'

export interface FitReport {
  readonly state: ForecasterState
  /** Every model that competed, best first. */
  readonly contest: readonly Contestant[]
  /** What became of each covariate. */
  readonly covariates: readonly Verdict[]
}

export interface FitOptions {
  /** Default: the end of the series. */
  readonly fittedAtMs?: number
  /** Their values begin where the series does; of those beyond its end none is looked at. */
  readonly covariates?: readonly Covariate[]
  /** Trained on what came before the part of the series that the contest tests on (`trainingPart`). */
  readonly neural?: FitContext['neural']
}

const UNSCORED: Quality = { mase: null, scaledPinball: null, coverage90: null, origins: 0 }
const MOST_FALLBACK_INFLATION = 4

/** Chooses and fits; always returns something, whatever the series holds. */
export function fitForecaster(
  series: Series,
  config: ForecastConfig,
  seed: number,
  options: FitOptions = {},
): FitReport {
  const seen = fromFirstSeen(usableHistory(series.values))
  const { horizonSteps } = config
  const seasons = seasonsOf(seen, config, series.stepMs)
  const skipped = series.values.length - seen.length
  const covariates = (options.covariates ?? []).map((covariate) => fromStep(covariate, skipped))
  const { effects, verdicts, history } = freeOfEffects(seen, covariates, seasons, horizonSteps)
  const random = seededRandom(seed)
  const { neural } = options
  const context: FitContext = { seasons, horizonSteps, random, neural }
  const { candidates, absent } = holdContest(history, config, context)
  const fittedAtMs = options.fittedAtMs ?? endMs(series)
  const contest = [...candidates, ...absent].map(contestRow)
  for (const candidate of candidates) {
    const members = fitMembers(candidate, history, context)
    if (members.length === 0) continue
    const state = assemble(
      { history, context, candidate, candidates, members, effects },
      fittedAtMs,
    )
    return { state, contest, covariates: verdicts }
  }
  const state = assemble(unscored(history, context, effects), fittedAtMs)
  const note = 'too short to test any model; wide band'
  return {
    state,
    contest: [{ kind: 'last-value', scaledPinball: null, mase: null, note }, ...contest],
    covariates: verdicts,
  }
}

/** The candidate's models, learned from the whole history; without those that cannot. */
function fitMembers(
  { members }: Candidate,
  history: Float64Array,
  context: FitContext,
): (ContestMember & { modelState: unknown; index: number })[] {
  return members.flatMap((member, index) => {
    const modelState = modelOf(member.kind).fit(history, context)
    return modelState === undefined ? [] : [{ ...member, modelState, index }]
  })
}

/**
 * One grid step later; NaN: nothing seen. `covariates`: their values in that step, one an effect of `state.effects`;
 * absent or NaN: not known. O(1); writes into `state` and returns it.
 */
export function advance(
  state: ForecasterState,
  value: number,
  covariates: ArrayLike<number> = [],
): ForecasterState {
  const { effects } = state
  const known = effects
    ? withoutEffect(effects.form, usable(value), followCovariates(effects, covariates))
    : usable(value)
  track(state, state.expected, known)
  if (!Number.isNaN(known)) {
    state.last = known
    if (known > state.largest) state.largest = known
  }
  for (const member of state.members) {
    if (member.correction.gain > 0) followError(member.correction, known - member.bare)
    member.modelState = modelOf(member.kind).update(member.modelState, known)
  }
  if (state.naive) seasonalNaive.update(state.naive, known)
  lookAhead(state)
  return state
}

/**
 * The forecast from where `state` stands, which must be the end of the step before `issuedAtMs`. Finite and not
 * negative always; `forecast.model.kind` names who really spoke. Length: the lesser of the configured and the
 * calibrated horizon. `covariates`: one array an effect of `state.effects`, its covariate from the first step on as far
 * as it is known.
 */
export function forecastAt(
  state: ForecasterState,
  issuedAtMs: number,
  series: Pick<Series, 'service' | 'metric' | 'stepMs'>,
  config: Pick<ForecastConfig, 'horizonSteps' | 'expirySteps'>,
  covariates: readonly Float64Array[] = [],
): Forecast {
  const horizonSteps = Math.min(config.horizonSteps, state.band.horizonSteps)
  const { instead, point, wider } = speak(state, horizonSteps)
  const band = publishedBand(state, wider)
  const widths = state.effects ? layOver(point, band, state.effects, covariates) : undefined
  return {
    service: series.service,
    metric: series.metric,
    issuedAtMs,
    expiresAtMs: issuedAtMs + config.expirySteps * series.stepMs,
    stepMs: series.stepMs,
    point,
    band,
    widths,
    drifting: state.drifting,
    model: instead ? { ...state.model, kind: instead } : state.model,
    quality: state.quality,
  }
}

interface Learned {
  readonly history: Float64Array
  readonly context: FitContext
  readonly candidate: {
    readonly kind: ModelKind
    readonly quality: Quality
    readonly error: number
    readonly calibration: Pick<TrackedFit, 'band' | 'unrest' | 'volatility'>
    readonly losses: Float64Array
  }
  readonly candidates: readonly Candidate[]
  readonly members: readonly {
    readonly kind: MemberKind
    readonly correction: ContestMember['correction']
    readonly modelState: unknown
    /** Its place among those that the losses are of. */
    readonly index: number
  }[]
  readonly effects: Effects | null
}

function assemble(learned: Learned, fittedAtMs: number): ForecasterState {
  const { history, context, candidate, candidates, members } = learned
  const { quality, calibration } = candidate
  const { last } = lastValue.fit(history, context)!
  const naiveError = candidates.find((c) => c.kind === 'seasonal-naive')?.error
  const alone = members.length === 1
  const kind = alone ? members[0]!.kind : candidate.kind
  const losses = lossesOf(learned)
  const state: ForecasterState = {
    ...startTracking({ ...calibration, losses, decay: decayOf(context.seasons) }),
    model: { kind, version: versionOf(learned, losses), fittedAtMs },
    seasons: context.seasons,
    quality,
    members: members.map(({ kind, correction, modelState }) => ({
      kind,
      modelState,
      correction: { ...correction },
      bare: 0,
    })),
    effects: learned.effects,
    naive:
      alone && kind === 'seasonal-naive' ? null : (seasonalNaive.fit(history, context) ?? null),
    naiveInflation: timesWider(naiveError, candidate.error),
    lastInflation: MOST_FALLBACK_INFLATION,
    last,
    largest: largestOf(history),
    expected: 0,
  }
  lookAhead(state)
  return state
}

/** Losses of the members that could be fitted to the whole history. */
function lossesOf({ candidate, members, context }: Learned): Float64Array {
  const probes = probesOf(context.horizonSteps).length
  const tested = candidate.losses.length / probes
  return Float64Array.from({ length: probes * members.length }, (_, cell) => {
    const { index } = members[cell % members.length]!
    return candidate.losses[Math.floor(cell / members.length) * tested + index]!
  })
}

function unscored(history: Float64Array, context: FitContext, effects: Effects | null): Learned {
  const modelState = lastValue.fit(history, context)!
  const { horizonSteps } = context
  const { kind } = lastValue
  const candidate = {
    kind,
    quality: UNSCORED,
    error: 0,
    calibration: {
      band: wideBand(history, modelState.last, horizonSteps),
      unrest: { reaction: 0, usual: 0 },
      volatility: 0,
    },
    losses: new Float64Array(probesOf(horizonSteps).length),
  }
  const members = [{ kind, modelState, correction: noCorrection(), index: 0 }]
  return { history, context, candidate, candidates: [], members, effects }
}

function timesWider(error: number | undefined, reference: number): number {
  if (error === undefined || !(reference > 0)) return MOST_FALLBACK_INFLATION
  return Math.min(Math.max(error / reference, 1), MOST_FALLBACK_INFLATION)
}

function largestOf(history: Float64Array): number {
  let most = 0
  for (const value of history) if (value > most) most = value
  return most
}

function contestRow({ kind, scaledPinball, mase, note }: Contestant): Contestant {
  return { kind, scaledPinball, mase, note }
}

function fromFirstSeen(values: Float64Array): Float64Array {
  const first = values.findIndex((v) => !Number.isNaN(v))
  return first < 0 ? new Float64Array(0) : values.subarray(first)
}

/** Hash of what fitting learned: equal learning, equal version, on every machine. */
function versionOf({ candidate, members, effects }: Learned, losses: Float64Array): string {
  const { calibration } = candidate
  const learned = JSON.stringify({ calibration, members, losses, effects })
  return createHash('sha256').update(learned).digest('hex').slice(0, 12)
}
