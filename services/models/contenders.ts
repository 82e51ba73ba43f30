/**
 * A service's models in memory: the champion that forecasts, the challenger in its shadow, and the watch for changepoints,
 * all followed step by step. What follows is a function of states and loads alone, so that steps followed again after a
 * restart lead to where they led before.
 */
import {
  issue,
  planShadow,
  resolve,
  review,
  type Shadow,
  startShadow,
  type Verdict,
  wantsIssue,
} from '../../forecaster/accuracy/shadow.ts'
import {
  type Change,
  type ChangeDetector,
  createChangeDetector,
  followErrors,
  standardError,
} from '../../forecaster/changepoint.ts'
import type { ForecastConfig } from '../../forecaster/config.ts'
import type { Forecast } from '../../forecaster/forecast.ts'
import { advance, type ForecasterState, forecastAt } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { KnownCovariates } from '../covariates/covariates.ts'
import type { NewModel } from '../ledger/models-ledger.ts'
import type { ModelVersion } from './model-version.ts'

/** A version at work. */
export interface Contender {
  version: ModelVersion
  state: ForecasterState
  /** Since when it has been champion, or when it was fitted. */
  readonly sinceMs: number
}

export interface Challenger extends Contender {
  readonly shadow: Shadow
  /** The first review that ended its contest; it waits for the next tick. */
  verdict: Verdict | undefined
}

export interface Request {
  readonly actor: string
  readonly why: string
}

export interface Contenders {
  champion: Contender | undefined
  challenger: Challenger | undefined
  changes: ChangeDetector
  /** The newest changepoint that no fit has learned from yet. */
  changepoint: { readonly change: Change; readonly atMs: number } | undefined
  /** The newest fit, whatever became of it. */
  lastFit:
    | { readonly atMs: number; readonly spanMs: number; readonly configHash: string }
    | undefined
  /** A fit that somebody asked for. */
  retrain: Request | undefined
}

/** What the models of a service are followed by. */
export interface Following {
  readonly service: ServiceId
  readonly stepMs: number
  readonly config: ForecastConfig
  readonly covariates: KnownCovariates
  /** Above it a sum of errors is a changepoint (`barOf`). */
  readonly changeBar: number
}

export function noContenders(): Contenders {
  return {
    champion: undefined,
    challenger: undefined,
    changes: createChangeDetector(),
    changepoint: undefined,
    lastFit: undefined,
    retrain: undefined,
  }
}

export function lastOf({ fittedAtMs, fromMs, toMs, configHash }: NewModel): Contenders['lastFit'] {
  return { atMs: fittedAtMs, spanMs: toMs - fromMs, configHash }
}

/** One step later, which ended at `endMs`; `load` NaN: nothing was measured. */
export function followLoad(
  contenders: Contenders,
  load: number,
  endMs: number,
  following: Following,
): void {
  const { champion, challenger } = contenders
  if (!champion) return
  const beganMs = endMs - following.stepMs
  watchErrors(contenders, champion, load, endMs, following)
  if (!challenger || challenger.verdict) {
    champion.state = step(champion.state, load, endMs, following)
    if (challenger) challenger.state = step(challenger.state, load, endMs, following)
    return
  }
  const { shadow } = challenger
  if (wantsIssue(shadow)) {
    const horizonSteps = shadow.plan.horizonSteps
    const look = ({ state }: Contender) => lookAhead(state, beganMs, horizonSteps, following)
    issue(shadow, look(champion), look(challenger))
  }
  champion.state = step(champion.state, load, endMs, following)
  challenger.state = step(challenger.state, load, endMs, following)
  resolve(shadow, load)
  const verdict = review(shadow, isNeeded(champion, endMs, following.config))
  if (verdict && verdict.outcome !== 'go-on') challenger.verdict = verdict
}

/** Whether the champion should give way to one that is not worse. */
function isNeeded(champion: Contender, nowMs: number, { lifecycle }: ForecastConfig): boolean {
  return champion.state.drifting || nowMs - champion.sinceMs > lifecycle.maxAgeMs
}

function watchErrors(
  contenders: Contenders,
  champion: Contender,
  load: number,
  endMs: number,
  following: Following,
): void {
  if (Number.isNaN(load)) return
  const { stepMs, changeBar } = following
  const forecast = lookAhead(champion.state, endMs - stepMs, 1, following)
  const found = followErrors(contenders.changes, standardError(forecast, load), changeBar)
  if (!found) return
  contenders.changepoint = { change: found.change, atMs: endMs - found.stepsAgo * stepMs }
  // what it told of is known: only what changes from here on is another change
  contenders.changes = createChangeDetector()
}

/** A state one step later, which ended at `endMs`, with what covariates did in it. */
export function step(
  state: ForecasterState,
  load: number,
  endMs: number,
  { service, stepMs, covariates }: Following,
): ForecasterState {
  return advance(state, load, covariates.inStep(service, state, endMs - stepMs))
}

/** The forecast from where `state` stands, with what is known of covariates. */
export function lookAhead(
  state: ForecasterState,
  issuedAtMs: number,
  horizonSteps: number,
  { service, stepMs, config, covariates }: Following,
): Forecast {
  const series = { service, metric: LOAD_METRIC, stepMs }
  const { expirySteps } = config
  const ahead = covariates.ahead(service, state, issuedAtMs, horizonSteps)
  return forecastAt(state, issuedAtMs, series, { horizonSteps, expirySteps }, ahead)
}

/** A challenger whose contest begins where the champion stands now. */
export function challengerOf(
  version: ModelVersion,
  state: ForecasterState,
  champion: ForecasterState,
  config: ForecastConfig,
): Challenger {
  const horizonSteps = Math.min(
    config.horizonSteps,
    champion.band.horizonSteps,
    state.band.horizonSteps,
  )
  const shadow = startShadow(planShadow(horizonSteps, config.lifecycle))
  return { version, state, sinceMs: version.fittedAtMs, shadow, verdict: undefined }
}

/** Steps that a contest lasts at most. */
export function longestContestSteps({ horizonSteps, lifecycle }: ForecastConfig): number {
  const plan = planShadow(horizonSteps, lifecycle)
  return plan.horizonSteps + plan.reviews * plan.reviewSteps
}
