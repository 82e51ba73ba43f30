/**
 * The ways by which a service's forecast reaches the thing that scales it, and what a manifest of any of them is made of:
 * what was declared, what was learned, and how far ahead the consumer must be told.
 */
import type { Behavior } from '../../../agents/service-spec.ts'
import { LEVELS } from '../../../forecaster/forecast.ts'
import type { ServiceId } from '../../../forecaster/series.ts'
import type { WorkloadRef } from '../workload.ts'

/** In the order in which docs/kubernetes.md names them. */
export const ROADS = {
  'hpa-external':
    'an HPA that reads an External metric, from our own metrics API or from prometheus-adapter',
  'hpa-adapter':
    'an HPA that reads a custom metric of its workload, which prometheus-adapter serves',
  'keda-prometheus': 'a ScaledObject that asks Prometheus',
  'keda-metrics-api': 'a ScaledObject that asks our HTTP API',
  'keda-external':
    'a ScaledObject that asks our gRPC scaler; wakes a service at zero before its peak',
  direct: 'Forescale writes the count itself; no HPA',
} as const
export type Road = keyof typeof ROADS
export const ROAD_NAMES = Object.keys(ROADS) as readonly Road[]

/**
 * replicas: what was decided, within the budget; there only where the mode is enforce. load: the forecast, which the HPA
 * divides by what a replica carries; it knows of no budget and of no mode.
 */
export const CARRIED = ['replicas', 'load'] as const
export type Carried = (typeof CARRIED)[number]

/** Addresses of the parts that a road goes by. */
export interface RoadAddresses {
  readonly prometheus: string
  readonly controller: string
  /** host:port of the gRPC scaler. */
  readonly scaler: string
}
export const USUAL_ADDRESSES: RoadAddresses = {
  prometheus: 'http://prometheus-operated.monitoring.svc:9090',
  controller: 'http://forescale.forescale.svc:8080',
  scaler: 'forescale-scaler.forescale.svc:9443',
}

export interface ServicePlan {
  readonly service: ServiceId
  readonly workload: WorkloadRef
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly behavior: Behavior
  /** Requests/s that one replica carries within its SLO. */
  readonly capacityPerReplica: number
  readonly targetUtilization: number
  /** Share of requests that must be within the SLO. */
  readonly objective: number
  /** From decision to ready capacity, a tick included, ms. */
  readonly leadTimeMs: number
  readonly tickMs: number
  /** Whether capacity and lead time were learned from what runs, or are the owner's first guesses. */
  readonly origin: 'learned' | 'declared'
}

/** How late a consumer is, ms: what `kubernetes.signal.consumerLagMs` must be at least. */
export function consumerLagMs(road: Road, { scrapeMs, pollMs, hpaSyncMs }: ConsumerTimes): number {
  switch (road) {
    case 'hpa-external':
    case 'keda-metrics-api':
      return hpaSyncMs
    case 'hpa-adapter':
    case 'keda-prometheus':
      return scrapeMs + hpaSyncMs
    case 'keda-external':
      // a service at zero is looked at by KEDA itself, once a poll
      return Math.max(pollMs, hpaSyncMs)
    case 'direct':
      return 0
  }
}

export interface ConsumerTimes {
  /** How often Prometheus scrapes us. */
  readonly scrapeMs: number
  /** KEDA's pollingInterval. */
  readonly pollMs: number
  readonly hpaSyncMs: number
}
export const USUAL_TIMES: ConsumerTimes = { scrapeMs: 15_000, pollMs: 15_000, hpaSyncMs: 15_000 }

/** How far ahead must be seen on this road: until capacity that is ordered by what is read then serves, ms. */
export function horizonMs(plan: ServicePlan, road: Road, times: ConsumerTimes): number {
  return plan.leadTimeMs + plan.tickMs + consumerLagMs(road, times)
}

/**
 * The quantile of a load that an HPA divides: as sure as the SLO asks, for what comes later than is foreseen is late by the
 * whole lead time. The largest that there is where the objective is beyond it.
 */
export function levelFor(objective: number): number {
  return LEVELS.find((level) => level >= objective) ?? LEVELS.at(-1)!
}

/** Load of one replica that the HPA aims at, requests/s; three significant digits, as more are not known. */
export function loadTarget({
  capacityPerReplica,
  targetUtilization,
}: Pick<ServicePlan, 'capacityPerReplica' | 'targetUtilization'>): number {
  return Number((capacityPerReplica * targetUtilization).toPrecision(3))
}
