/**
 * How much an anomaly matters, and what it is in words. An anomaly that nothing hangs on stays "info", however unlikely
 * it is; what could lose the SLO or a good part of the budget is "warning"; what is losing the SLO fast and is no chance
 * event is "critical". Burn rate: share of requests outside the SLO over the share that it allows; at 14.4 a month's
 * allowance is gone in two days (SRE Workbook, ch. 5).
 */
import { violationCurve, violationShare } from '../../agents/loss.ts'
import type { Observation } from '../../agents/observation.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { AnomalyKind, Direction } from '../../forecaster/anomaly.ts'
import type { Severity } from './alert.ts'

const FAST_BURN = 14.4
/** More replicas for this share of the budget are a matter of money. */
const MUCH_OF_BUDGET = 0.1
/** Load that stays away by so much is a failure somewhere, not a quiet hour. */
const MUCH_OF_LOAD = 0.5
/** So much more evidence than the bar asks for is no chance event. */
const BEYOND_CHANCE = 100

export interface Stake {
  readonly kind: AnomalyKind
  readonly direction: Direction | null
  /** Newest load and what was foreseen for that step: middle and the edge on its side, requests/s; NaN when unknown. */
  readonly loadRps: number
  readonly expectedRps: number
  readonly edgeRps: number
  /** Evidence over the bar at which the anomaly was found. */
  readonly evidence: number
  readonly lastedMs: number
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly violationRatio: number
  readonly costBudgetPerHour: number
}

export interface Stakes {
  readonly severity: Severity
  readonly burnRate: number
  /** Share of the budget that the replicas needed beyond the foreseen ones cost. */
  readonly budgetShare: number
}

export function stakesOf(stake: Stake): Stakes {
  const burnRate = burnRateOf(stake)
  const { spec, observation, loadRps, expectedRps, costBudgetPerHour } = stake
  const replicas = (load: number) => Math.ceil(load / observation.capacityPerReplica)
  const extra = Math.max(0, replicas(loadRps) - replicas(expectedRps)) * spec.pricePerReplicaHour
  const budgetShare = Number.isNaN(extra) ? 0 : extra / costBudgetPerHour
  return { severity: severityOf(stake, burnRate, budgetShare), burnRate, budgetShare }
}

function severityOf(stake: Stake, burnRate: number, budgetShare: number): Severity {
  const { kind, direction, observation, loadRps, expectedRps, evidence } = stake
  if (kind === 'silent') return observation.freshness === 'dead' ? 'critical' : 'warning'
  if (kind === 'stuck') return 'warning'
  if (direction === 'down') {
    const gone = expectedRps - loadRps
    const matters = gone > MUCH_OF_LOAD * expectedRps && gone > observation.capacityPerReplica
    return matters ? 'warning' : 'info'
  }
  if (burnRate >= FAST_BURN && evidence >= BEYOND_CHANCE) return 'critical'
  return burnRate >= 1 || budgetShare >= MUCH_OF_BUDGET ? 'warning' : 'info'
}

/** By what was measured, or by what the ready replicas can carry, whichever is worse. */
function burnRateOf({ spec, observation, loadRps, violationRatio }: Stake): number {
  const { capacityPerReplica, saturationPerReplica, replicas } = observation
  const { objective } = spec.slo
  const curve = violationCurve(capacityPerReplica, saturationPerReplica, objective)
  const ready = replicas.ready
  const foreseen = loadRps > 0 ? (ready > 0 ? violationShare(curve, loadRps / ready) : 1) : 0
  const measured = Number.isNaN(violationRatio) ? 0 : violationRatio
  return Math.max(foreseen, measured) / (1 - objective)
}

const figure = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1)

export function summaryOf(service: string, stake: Stake): string {
  const { kind, direction, loadRps, expectedRps, edgeRps, lastedMs, observation } = stake
  const lasted = spanOf(lastedMs)
  if (kind === 'silent') return `${service}: no load was measured for ${lasted}`
  if (kind === 'stuck')
    return `${service}: exactly ${figure(loadRps)} req/s in every step for ${lasted}`
  const edge = direction === 'up' ? `99 % ≤ ${figure(edgeRps)}` : `99 % ≥ ${figure(edgeRps)}`
  const foreseen = `where ${figure(expectedRps)} was forecast (${edge})`
  const { ready } = observation.replicas
  const carries =
    direction === 'up'
      ? `; ${ready} ready ${ready === 1 ? 'replica carries' : 'replicas carry'} ${figure(ready * observation.capacityPerReplica)} within the SLO`
      : ''
  if (kind === 'level-shift')
    return `${service}: load has moved ${direction} for ${lasted}: ${figure(loadRps)} req/s, ${foreseen}${carries}`
  return `${service}: ${figure(loadRps)} req/s, ${foreseen}${carries}`
}

/** `45 s`, `12 min`, `3 h`. */
export function spanOf(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
