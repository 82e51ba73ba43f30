/** The shapes of the familiar routes, and how they are made from the controller's state. */
import { z } from 'zod'
import { type Forecast, LEVELS, ModelKind, quantileAt } from '../../forecaster/forecast.ts'
import { ServiceId } from '../../forecaster/series.ts'
import type { ControlPlane, ServiceStatus } from '../control-plane.ts'
import { ProblemError } from './problem.ts'

const HOURS_A_MONTH = 730

/** What each model reads of the load's past. */
const FEATURES: Readonly<Record<ModelKind, readonly string[]>> = {
  ensemble: ['recent_loads', 'season', 'recent_errors_of_each_model'],
  linear: ['recent_loads', 'recent_means', 'load_one_season_ago', 'profile_of_the_season'],
  lstm: ['recent_loads', 'load_one_season_ago', 'phase_of_every_season', 'load_of_other_services'],
  gru: ['recent_loads', 'load_one_season_ago', 'phase_of_every_season', 'load_of_other_services'],
  'seasonal-naive': ['load_one_season_ago'],
  ets: ['level', 'trend', 'season'],
  mstl: ['level', 'every_season', 'recent_loads'],
  theta: ['level', 'line_of_all_loads', 'season'],
  arima: ['recent_loads', 'season'],
  'last-value': ['last_load'],
}

export const Prediction = z
  .strictObject({
    service: ServiceId,
    predicted_rps: z.number().min(0).meta({ description: 'The 0.5 quantile at the horizon.' }),
    lower_rps: z.number().nullable().meta({ description: 'The 0.05 quantile.' }),
    upper_rps: z.number().nullable().meta({ description: 'The 0.95 quantile.' }),
    confidence: z.number().min(0).max(1).meta({
      description:
        "1 − scaled pinball loss of the model's backtest, not below 0; 0 where nothing was measured.",
    }),
    horizon_seconds: z.number(),
    features_used: z.array(z.string()),
    fallback: z
      .boolean()
      .meta({ description: 'true: no usable forecast; predicted_rps is the last measured load.' }),
    model: ModelKind,
    model_version: z.string().nullable(),
    issued_at_ms: z.number(),
    expires_at_ms: z.number().nullable(),
  })
  .meta({ id: 'Prediction' })
export type Prediction = z.infer<typeof Prediction>

export const ModelsStatus = z
  .strictObject({
    models: z.array(
      z.strictObject({
        service: ServiceId,
        model: ModelKind.nullable(),
        version: z.string().nullable(),
        fitted_at_ms: z.number().nullable(),
        mase: z.number().nullable(),
        scaled_pinball: z.number().nullable(),
        coverage_90: z.number().nullable(),
        drifting: z.boolean(),
        usable: z.boolean().meta({ description: 'A forecast of this model is in force now.' }),
      }),
    ),
  })
  .meta({ id: 'ModelsStatus' })

export const ScalingDecision = z
  .strictObject({
    service: ServiceId,
    decision_id: z.string(),
    action: z.enum(['scale_up', 'scale_down', 'hold']),
    current_replicas: z.int(),
    desired_replicas: z.int(),
    mode: z.string(),
    applied: z.boolean().meta({ description: 'Whether the target was told.' }),
    reason: z.string(),
    bound_by: z.string(),
    rationale: z.string(),
    decided_at_ms: z.number(),
  })
  .meta({ id: 'ScalingDecision' })

export const CostAnalysis = z
  .strictObject({
    currency: z.literal('USD'),
    cost_budget_per_hour: z.number(),
    spend_per_hour: z.number(),
    running_cost_per_hour: z.number(),
    projected_cost_per_month: z
      .number()
      .meta({ description: 'The running cost over 730 hours: a projection, not a bill.' }),
    shadow_price: z.number(),
    within_budget: z.boolean(),
    services: z.array(
      z.strictObject({
        service: ServiceId,
        replicas: z.int().nullable(),
        price_per_replica_hour: z.number(),
        cost_per_hour: z.number().nullable(),
        decided_cost_per_hour: z.number().nullable(),
        share: z.number().nullable().meta({ description: 'Of the running cost, 0 to 1.' }),
      }),
    ),
  })
  .meta({ id: 'CostAnalysis' })

/** The forecast in force, unless it has expired. */
function usable(control: ControlPlane, service: string): Forecast | undefined {
  const forecast = control.forecast(service)
  return forecast && forecast.expiresAtMs > control.nowMs() ? forecast : undefined
}

export function predictionOf(
  control: ControlPlane,
  status: ServiceStatus,
  horizonMs = status.leadTimeMs,
): Prediction {
  const forecast = usable(control, status.service)
  return forecast ? predicted(forecast, horizonMs) : measured(status, horizonMs)
}

function predicted(forecast: Forecast, horizonMs: number): Prediction {
  const wanted = Math.ceil(horizonMs / forecast.stepMs) - 1
  const k = Math.min(Math.max(wanted, 0), forecast.point.length - 1)
  const at = (level: number) => quantileAt(forecast, LEVELS.indexOf(level), k)
  const { kind, version } = forecast.model
  const { scaledPinball } = forecast.quality
  return {
    service: forecast.service,
    predicted_rps: at(0.5),
    lower_rps: at(0.05),
    upper_rps: at(0.95),
    confidence: scaledPinball === null ? 0 : Math.min(Math.max(1 - scaledPinball, 0), 1),
    horizon_seconds: ((k + 1) * forecast.stepMs) / 1000,
    features_used: [...FEATURES[kind]],
    fallback: false,
    model: kind,
    model_version: version,
    issued_at_ms: forecast.issuedAtMs,
    expires_at_ms: forecast.expiresAtMs,
  }
}

/** Without a usable forecast: the last measured load while it is fresh, else no answer at all. */
function measured(status: ServiceStatus, horizonMs: number): Prediction {
  const { service, loadRps, loadAtMs, freshness } = status
  const current = freshness === 'fresh' || freshness === 'late'
  if (loadRps === null || loadAtMs === null || !current) {
    throw new ProblemError(
      'forecast-expired',
      `neither a forecast nor a current load of "${service}" is known (samples are ${freshness})`,
    )
  }
  return {
    service,
    predicted_rps: loadRps,
    lower_rps: null,
    upper_rps: null,
    confidence: 0,
    horizon_seconds: horizonMs / 1000,
    features_used: [...FEATURES['last-value']],
    fallback: true,
    model: 'last-value',
    model_version: null,
    issued_at_ms: loadAtMs,
    expires_at_ms: null,
  }
}

export function modelRow(control: ControlPlane, service: string) {
  const forecast = control.forecast(service)
  return {
    service,
    model: forecast?.model.kind ?? null,
    version: forecast?.model.version ?? null,
    fitted_at_ms: forecast?.model.fittedAtMs ?? null,
    mase: forecast?.quality.mase ?? null,
    scaled_pinball: forecast?.quality.scaledPinball ?? null,
    coverage_90: forecast?.quality.coverage90 ?? null,
    drifting: forecast?.drifting ?? false,
    usable: usable(control, service) !== undefined,
  }
}

export function decisionRow(decision: NonNullable<ServiceStatus['decision']>) {
  const { from, to } = decision
  const action = to > from ? 'scale_up' : to < from ? 'scale_down' : 'hold'
  return {
    service: decision.service,
    decision_id: decision.id,
    action: action as 'scale_up' | 'scale_down' | 'hold',
    current_replicas: from,
    desired_replicas: to,
    mode: decision.mode,
    applied: decision.settlement === 'applied',
    reason: decision.reason,
    bound_by: decision.boundBy,
    rationale: decision.rationale,
    decided_at_ms: decision.atMs,
  }
}

export function costsOf(control: ControlPlane) {
  const budget = control.budget()
  const total = budget.runningCostPerHour
  return {
    currency: 'USD' as const,
    cost_budget_per_hour: budget.costBudgetPerHour,
    spend_per_hour: budget.spendPerHour,
    running_cost_per_hour: total,
    projected_cost_per_month: total * HOURS_A_MONTH,
    shadow_price: budget.shadowPrice,
    within_budget: total <= budget.costBudgetPerHour,
    services: control.services().map((row) => {
      const running = row.replicas
        ? row.replicas.ready + row.replicas.starting + row.replicas.terminating
        : null
      const cost = running === null ? null : running * row.pricePerReplicaHour
      return {
        service: row.service,
        replicas: running,
        price_per_replica_hour: row.pricePerReplicaHour,
        cost_per_hour: cost,
        decided_cost_per_hour: row.decision?.costPerHour ?? null,
        share: cost === null || total === 0 ? null : cost / total,
      }
    }),
  }
}
