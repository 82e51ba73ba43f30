/**
 * One series' forecaster. `fitForecaster` chooses model and calibration (slow: in a worker), `advance` follows the
 * load (every step, O(1)), `forecastAt` looks ahead, falling back from the chosen model to seasonal naive to the
 * last value when a path is not sound.
 */
import { createHash } from 'node:crypto'
import type { ForecastConfig } from './config.ts'
import { type Candidate, type Contestant, holdContest } from './contest.ts'
import { followError, noCorrection } from './correction.ts'
import type { Forecast, ModelKind, Quality } from './forecast.ts'
import type { ForecasterState } from './forecaster-state.ts'
import type { FitContext } from './model.ts'
import { lastValue } from './models/last-value.ts'
import { modelOf } from './models/registry.ts'
import { seasonalNaive } from './models/seasonal-naive.ts'
import { usable, usableHistory } from './plain-data.ts'
import { seededRandom } from './random.ts'
import { endMs, type Series } from './series.ts'
import { AWAY_DECAY, freshTracking, shiftOf, track, trackUnseen } from './tracking.ts'
import { wideBand } from './wide-band.ts'

export type { ForecasterState } from './forecaster-state.ts'

export interface FitReport {
  readonly state: ForecasterState
  /** Every model that competed, best first. */
  readonly contest: readonly Contestant[]
}

export interface FitOptions {
  /** Default: the end of the series. */
  readonly fittedAtMs?: number
}

/** A path that leaves this multiple of the largest load ever seen is taken for a failure of the model. */
const ABSURD = 10
const UNSCORED: Quality = { mase: null, scaledPinball: null, coverage90: null, origins: 0 }
const MOST_FALLBACK_INFLATION = 4

/** Chooses and fits; always returns something, whatever the series holds. */
export function fitForecaster(
  series: Series,
  config: ForecastConfig,
  seed: number,
  options: FitOptions = {},
): FitReport {
  const history = fromFirstSeen(usableHistory(series.values))
  const { horizonSteps } = config
  const seasons = seasonsOf(config, series.stepMs)
  const context: FitContext = { seasons, horizonSteps, random: seededRandom(seed) }
  const { candidates, absent } = holdContest(history, config, context)
  const fittedAtMs = options.fittedAtMs ?? endMs(series)
  const contest = [...candidates, ...absent].map(contestRow)
  for (const candidate of candidates) {
    const modelState = modelOf(candidate.kind).fit(history, context)
    if (modelState === undefined) continue
    const learned = { history, context, candidate, candidates, modelState }
    return { state: assemble(learned, fittedAtMs), contest }
  }
  const state = assemble(unscored(history, context, config), fittedAtMs)
  const note = 'too short to test any model; wide band'
  return {
    state,
    contest: [{ kind: 'last-value', scaledPinball: null, mase: null, note }, ...contest],
  }
}

function seasonsOf({ seasonsMs = [] }: ForecastConfig, stepMs: number): number[] {
  const steps = seasonsMs.map((ms) => Math.round(ms / stepMs)).filter((season) => season >= 2)
  return [...new Set(steps)].sort((a, b) => a - b)
}

/** One grid step later; NaN: nothing seen. O(1); writes into `state` and returns it. */
export function advance(state: ForecasterState, value: number): ForecasterState {
  const known = usable(value)
  if (!Number.isNaN(known)) {
    track(state, state.band, state.expected, known)
    state.last = known
    if (known > state.largest) state.largest = known
  } else trackUnseen(state)
  if (state.correction.gain > 0) followError(state.correction, known - state.bare)
  const model = modelOf(state.model.kind)
  state.modelState = model.update(state.modelState, known)
  if (state.naive) seasonalNaive.update(state.naive, known)
  expectNext(state)
  return state
}

/**
 * The forecast from where `state` stands, which must be the end of the step before `issuedAtMs`. Finite and not
 * negative always; `forecast.model.kind` names the model that really spoke. Length: the lesser of the configured
 * and the calibrated horizon.
 */
export function forecastAt(
  state: ForecasterState,
  issuedAtMs: number,
  series: Pick<Series, 'service' | 'metric' | 'stepMs'>,
  config: Pick<ForecastConfig, 'horizonSteps' | 'expirySteps'>,
): Forecast {
  const horizonSteps = Math.min(config.horizonSteps, state.band.horizonSteps)
  const path = soundPath(state, horizonSteps)
  const spoken = path ? undefined : fallback(state, horizonSteps)
  return {
    service: series.service,
    metric: series.metric,
    issuedAtMs,
    expiresAtMs: issuedAtMs + config.expirySteps * series.stepMs,
    stepMs: series.stepMs,
    point: path ?? spoken!.point,
    band: state.band,
    inflation: spoken ? state.inflation * spoken.inflation : state.inflation,
    drifting: state.drifting,
    model: spoken ? { ...state.model, kind: spoken.kind } : state.model,
    quality: state.quality,
  }
}

/** The model's corrected path; undefined when it throws, is not finite, or is absurd. */
function soundPath(state: ForecasterState, horizonSteps: number): Float64Array | undefined {
  let path: Float64Array
  try {
    path = modelOf(state.model.kind).predict(state.modelState, horizonSteps)
  } catch {
    return undefined
  }
  const limit = ABSURD * state.largest
  const { decay } = state.correction
  let raise = state.correction.residual
  let shift = shiftOf(state)
  for (let k = 0; k < horizonSteps; k++) {
    raise *= decay
    shift *= AWAY_DECAY
    const value = path[k]! + raise + shift
    if (!(value <= limit)) return undefined
    path[k] = Math.max(value, 0)
  }
  return path
}

function fallback(
  state: ForecasterState,
  horizonSteps: number,
): { kind: ModelKind; point: Float64Array; inflation: number } {
  const naive = state.naive && seasonalNaive.predict(state.naive, horizonSteps)
  if (naive?.every(Number.isFinite))
    return { kind: 'seasonal-naive', point: naive, inflation: state.naiveInflation }
  const point = lastValue.predict({ last: state.last }, horizonSteps)
  return { kind: 'last-value', point, inflation: state.lastInflation }
}

interface Learned {
  readonly history: Float64Array
  readonly context: FitContext
  readonly candidate: Pick<Candidate, 'kind' | 'band' | 'correction' | 'quality' | 'error'>
  readonly candidates: readonly Candidate[]
  readonly modelState: unknown
}

function assemble(learned: Learned, fittedAtMs: number): ForecasterState {
  const { history, context, candidate, candidates, modelState } = learned
  const { kind, band, correction, quality } = candidate
  const { last } = lastValue.fit(history, context)!
  const naiveError = candidates.find((c) => c.kind === 'seasonal-naive')?.error
  const state: ForecasterState = {
    ...freshTracking(),
    model: { kind, version: versionOf(candidate, modelState), fittedAtMs },
    seasons: context.seasons,
    quality,
    band,
    modelState,
    naive: kind === 'seasonal-naive' ? null : (seasonalNaive.fit(history, context) ?? null),
    correction,
    naiveInflation: timesWider(naiveError, candidate.error),
    lastInflation: MOST_FALLBACK_INFLATION,
    last,
    largest: largestOf(history),
    bare: 0,
    expected: 0,
  }
  expectNext(state)
  return state
}

function unscored(history: Float64Array, context: FitContext, config: ForecastConfig): Learned {
  const modelState = lastValue.fit(history, context)!
  const candidate = {
    kind: lastValue.kind,
    band: wideBand(history, modelState.last, config.horizonSteps),
    correction: noCorrection(),
    quality: UNSCORED,
    error: 0,
  }
  return { history, context, candidate, candidates: [], modelState }
}

function expectNext(state: ForecasterState): void {
  state.bare = modelOf(state.model.kind).next(state.modelState)
  const { decay, residual } = state.correction
  const corrected = state.bare + decay * residual
  state.expected = Math.max(corrected, 0)
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
function versionOf({ band, correction }: Learned['candidate'], modelState: unknown): string {
  const learned = JSON.stringify({ band, correction, modelState })
  return createHash('sha256').update(learned).digest('hex').slice(0, 12)
}
