/** All that an agent may see of its service at one tick. Flat numbers, so that a tick can be stored and replayed. */
import type { ServiceId } from '../forecaster/series.ts'

/** `requested` is the count last asked for; the rest is what is there. All of them cost money. */
export interface ReplicaCounts {
  readonly requested: number
  readonly ready: number
  readonly starting: number
  readonly terminating: number
}

/** The replica counts that the guardrails leave open, both ends included. */
export interface ReplicaRange {
  readonly min: number
  readonly max: number
}

export const FRESHNESS = ['fresh', 'late', 'stale', 'dead'] as const
/** fresh: use all · late: no decreases · stale: reactive only, no decreases · dead: hold. */
export type Freshness = (typeof FRESHNESS)[number]

export interface Observation {
  readonly service: ServiceId
  readonly nowMs: number
  /** Newest known load, requests/s; NaN when there is none that may be used. */
  readonly loadRps: number
  readonly freshness: Freshness
  readonly replicas: ReplicaCounts
  /** From decision to ready capacity, ms: tick interval plus measured start-up. */
  readonly leadTimeMs: number
  /** Learned: requests/s one replica carries with `1 − objective` of them outside the SLO. */
  readonly capacityPerReplica: number
  /** Learned: requests/s per replica at which half of the requests violate. Above capacity. */
  readonly saturationPerReplica: number
  /** Quantiles of the load to be carried (forecaster/forecast.ts LEVELS); undefined without a usable forecast. */
  readonly demand: Float64Array | undefined
  /** The load left the forecast's 99 % band, or the forecast is drifting. */
  readonly drifting: boolean
}
