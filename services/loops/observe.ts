/** From what is known to what agents see: freshness by age, lead time by measurement, demand by forecast. Pure. */
import type { Freshness, Observation, ReplicaCounts } from '../../agents/observation.ts'
import { isDoubted } from '../../agents/plausibility.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import { demandOver, type Forecast } from '../../forecaster/forecast.ts'
import { nowcastDemand } from '../../forecaster/nowcast.ts'
import type { AppConfig } from '../config.ts'
import type { Entry } from './entry.ts'

/** What stands in when the target does not answer for a service: nothing is known, so nothing is changed. */
export interface ObserveInput {
  readonly config: AppConfig
  readonly spec: ServiceSpec
  readonly entry: Entry
  readonly replicas: ReplicaCounts
  /** Measured start-up time, ms; undefined before any start was seen. */
  readonly startupMs: number | undefined
  /** Until an autoscaler that carries the decision out acts, ms; undefined: it is carried out at once. */
  readonly carrierLagMs?: number | undefined
  readonly forecast: Forecast | undefined
  readonly nowMs: number
}

export function freshnessOf(config: AppConfig, entry: Entry, nowMs: number): Freshness {
  const { lateAfterSteps, staleAfterSteps, deadAfterSteps } = config.freshness
  const behindMs = entry.doubt?.behindMs() ?? 0
  const ageSteps = (nowMs + behindMs - entry.loadAtMs) / config.stepMs
  // a step is read when it has ended: its load is up to one step and one tick old even when all is well
  const usual = Math.max(1, config.tickMs / config.stepMs)
  // a load of a time that has not come even by the clock's worse reading: how old it is cannot be said
  if (Number.isNaN(ageSteps) || ageSteps > deadAfterSteps + usual || ageSteps < -usual)
    return 'dead'
  if (ageSteps > staleAfterSteps + usual) return 'stale'
  // a load that a second signal contradicts is as good as late: nothing shrinks of it
  const isDoubtful = entry.plausibility !== undefined && isDoubted(entry.plausibility)
  return ageSteps > lateAfterSteps + usual || isDoubtful ? 'late' : 'fresh'
}

/** From a decision to capacity that serves, ms: until the next tick, until it is carried out, until what was started is ready. */
export function leadTimeOf(
  config: AppConfig,
  spec: ServiceSpec,
  startupMs: number | undefined,
  carrierLagMs = 0,
): number {
  return config.tickMs + carrierLagMs + (startupMs ?? spec.startupSeconds * 1000)
}

export function observe(input: ObserveInput): Observation {
  const { config, spec, entry, replicas, startupMs, forecast, nowMs } = input
  const freshness = freshnessOf(config, entry, nowMs)
  const leadTimeMs = leadTimeOf(config, spec, startupMs, input.carrierLagMs)
  const usable =
    forecast !== undefined &&
    nowMs < forecast.expiresAtMs &&
    (freshness === 'fresh' || freshness === 'late')
  return {
    service: entry.service,
    nowMs,
    loadRps: freshness === 'dead' ? Number.NaN : entry.loadRps,
    freshness,
    replicas,
    leadTimeMs,
    capacityPerReplica: entry.capacity.capacity,
    saturationPerReplica: entry.capacity.saturation,
    demand: usable
      ? sound(demandUntil(nowMs + leadTimeMs + config.tickMs, input, forecast))
      : undefined,
    drifting: usable && forecast.drifting,
  }
}

/** A forecast that is not finite, or negative, is none: the reactive rule stands alone. */
export function sound(demand: Float64Array): Float64Array | undefined {
  return demand.every((rps) => Number.isFinite(rps) && rps >= 0) ? demand : undefined
}

/** Of the step that runs its newest load may tell more than a forecast made before it began. */
function demandUntil(untilMs: number, { entry, nowMs }: ObserveInput, forecast: Forecast) {
  const stepEndMs = forecast.issuedAtMs + forecast.stepMs
  const within = entry.nowcast && nowcastDemand(entry.nowcast, stepEndMs)
  if (!within) return demandOver(forecast, nowMs, untilMs)
  if (untilMs <= stepEndMs) return within
  const later = demandOver(forecast, stepEndMs, untilMs)
  return later.map((quantile, level) => Math.max(quantile, within[level]!))
}
