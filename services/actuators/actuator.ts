/** Carries decisions out. Orders are absolute (`replicas = to`), so a second apply is a no-op. */
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { Beside } from '../../coordinator/meta/replacement.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { ScaleConflict } from '../kubernetes/target/conflict.ts'

/** By which a target tells a deposed leader from the newest one. */
export interface Fence {
  /** Its epoch: tokens of different ledgers have nothing to do with one another. */
  readonly ledger: string
  /** A target that has seen a greater one refuses. */
  readonly token: number
}

export interface ScaleOrder {
  readonly decisionId: string
  readonly service: ServiceId
  readonly from: number
  readonly to: number
  /** Absent where there is nobody to be told from. */
  readonly fence?: Fence
}

export interface ScaleResult {
  readonly decisionId: string
  readonly service: ServiceId
  readonly outcome: 'applied' | 'failed'
  /** It failed for want of an answer: the target may carry it out still, also later. */
  readonly isUnanswered?: boolean
  readonly detail?: string
}

/** Replicas of a tier that is to take over (coordinator/meta/replacement.ts); absolute, as counts are. */
export interface TierOrder {
  readonly service: ServiceId
  readonly tier: string
  readonly replicas: number
}

export interface ObservedReplicas extends ReplicaCounts {
  /** Of another tier, run beside them to take over; absent: none. */
  readonly beside?: Beside
  /** Measured times from start to ready of recent replicas, ms. */
  readonly recentStartupsMs: readonly number[]
  /** The decision that set `requested`, when the target remembers it. */
  readonly lastDecisionId: string | undefined
  /** From a decision until the autoscaler that carries it out acts, ms; absent: it is carried out here. */
  readonly carrierLagMs?: number
  /** Something else acts on it; where it `holds`, orders are refused and the service is only advised. */
  readonly conflict?: ScaleConflict
}

/** How the target is reached, for the health of the whole. */
export interface ActuatorHealth {
  readonly ok: boolean
  /** It works, but without something that belongs to it. */
  readonly degraded: boolean
  readonly detail: string
}

export interface Actuator {
  /** What is there now: the truth for the next tick. Services that the target does not know are absent. */
  observe(): Promise<ReadonlyMap<ServiceId, ObservedReplicas>>
  /**
   * Decreases first; increases start once the money is free (the replicas being released are gone), so the
   * budget holds at every moment. One result an order, in order; never throws for one bad target.
   */
  apply(orders: readonly ScaleOrder[]): Promise<readonly ScaleResult[]>
  /** A new leader makes itself known, so that from now on its predecessors are refused. Where targets can do so. */
  announce?(fence: Fence): Promise<void>
  health?(): Promise<ActuatorHealth>
  close(): Promise<void>
}

/** An actuator that can run two tiers of a service at once and have one take over from the other. */
export interface ResizingActuator extends Actuator {
  /** Runs so many replicas of the tier beside the present ones; 0: none. Throws where that cannot be. */
  prepare(order: TierOrder): Promise<void>
  /** The replicas beside become the service's own, the ones that were go. A second time it is a no-op. */
  takeOver(order: TierOrder): Promise<void>
}

export const canResize = (actuator: Actuator): actuator is ResizingActuator =>
  'prepare' in actuator && 'takeOver' in actuator

/** What a caller sees of a service. */
export interface ReportedCounts extends ReplicaCounts {
  readonly beside?: Beside | undefined
}

/** An actuator whose observations come from outside: it knows what it is told. */
export interface ReportedActuator extends Actuator {
  /** What the caller sees now; services that are not named keep what was known of them. */
  report(countsByService: ReadonlyMap<ServiceId, ReportedCounts>): void
}
