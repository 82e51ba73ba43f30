/** Carries decisions out. Orders are absolute (`replicas = to`), so a second apply is a no-op. */
import type { ReplicaCounts } from '../../agents/observation.ts'
import type { ServiceId } from '../../forecaster/series.ts'

export interface ScaleOrder {
  readonly decisionId: string
  readonly service: ServiceId
  readonly from: number
  readonly to: number
}

export interface ScaleResult {
  readonly decisionId: string
  readonly service: ServiceId
  readonly outcome: 'applied' | 'failed'
  readonly detail?: string
}

export interface ObservedReplicas extends ReplicaCounts {
  /** Measured times from start to ready of recent replicas, ms. */
  readonly recentStartupsMs: readonly number[]
  /** The decision that set `requested`, when the target remembers it. */
  readonly lastDecisionId: string | undefined
}

export interface Actuator {
  /** What is there now: the truth for the next tick. Services that the target does not know are absent. */
  observe(): Promise<ReadonlyMap<ServiceId, ObservedReplicas>>
  /**
   * Decreases first; increases start once the money is free (the replicas being released are gone), so the
   * budget holds at every moment. One result an order, in order; never throws for one bad target.
   */
  apply(orders: readonly ScaleOrder[]): Promise<readonly ScaleResult[]>
  close(): Promise<void>
}

/** An actuator whose observations come from outside: it knows what it is told. */
export interface ReportedActuator extends Actuator {
  /** What the caller sees now; services that are not named keep what was known of them. */
  report(countsByService: ReadonlyMap<ServiceId, ReplicaCounts>): void
}
