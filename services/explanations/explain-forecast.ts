/** The forecast in force of a service, taken apart from where its model stands. */
import type { Verdict } from '../../forecaster/covariates/fit-effects.ts'
import { explainForecast, type Part } from '../../forecaster/explain.ts'
import type { ForecasterState } from '../../forecaster/forecaster.ts'
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { Covariates } from '../covariates/covariates.ts'
import type { LoadBook } from '../loops/load-book.ts'
import type { ForecastExplanation, ForecastPart } from './view.ts'

/** Undefined while the service has no model. */
export function explainServiceForecast(
  book: LoadBook,
  covariates: Covariates,
  service: ServiceId,
): ForecastExplanation | undefined {
  const champion = book.entries.get(service)?.contenders.champion
  if (!champion) return undefined
  const { state } = champion
  const { stepMs, config } = book.following(service)
  const issuedAtMs = book.readToMs()
  const ahead = covariates.ahead(service, state, issuedAtMs, config.horizonSteps)
  const { spoke, point, parts, members } = explainForecast(state, config.horizonSteps, ahead)
  return {
    service,
    metric: LOAD_METRIC,
    issuedAtMs,
    stepMs,
    drifting: state.drifting,
    model: { ...state.model, kind: spoke },
    point: [...point],
    parts: parts.map((part) => partView(part, stepMs)),
    members: members
      .map(({ kind, weights }) => ({ kind, weight: meanOf(weights), weights: [...weights] }))
      .sort((a, b) => b.weight - a.weight),
    covariates: [...(covariates.verdicts.get(service) ?? inUse(state))],
  }
}

function partView(part: Part, stepMs: number): ForecastPart {
  const { name, seasonSteps, model, covariate, values } = part
  return {
    name,
    seasonMs: seasonSteps === undefined ? null : seasonSteps * stepMs,
    model: model ?? null,
    covariate: covariate ?? null,
    values: [...values],
  }
}

function inUse({ effects }: ForecasterState): Verdict[] {
  if (!effects) return []
  const { form } = effects
  return effects.effects.map(({ name, weight }) => ({
    name,
    used: true,
    effect: form === 'additive' ? weight : Math.exp(weight),
    form,
    lossRatio: null,
    note: '',
  }))
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length)
}
