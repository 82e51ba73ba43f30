/**
 * Replica counts from one number for the whole service (External and Object metrics of autoscaling/v2).
 *
 *   ratio = observed / target;  inside the tolerance nothing changes, else replicas = ceil(…)
 *
 * The tolerance is inclusive at both ends: 1 − down ≤ ratio ≤ 1 + up. Source: kubernetes/kubernetes,
 * pkg/controller/podautoscaler/replica_calculator.go. Quantities may be in any unit, as long as it is the same
 * one; Kubernetes itself works in whole milli-units (`milliOf`).
 */
export const DEFAULT_TOLERANCE = 0.1
const MAX_INT32 = 2 ** 31 - 1

/** What one metric proposes; `invalid` when it cannot say (no samples, no pods), which is never zero replicas. */
export type MetricProposal =
  | { readonly kind: 'replicas'; readonly replicas: number; readonly ratio: number }
  | { readonly kind: 'invalid'; readonly error: string }

export interface Tolerance {
  /** Largest ratio above 1 that is ignored, as a fraction. */
  readonly toleranceUp: number
  /** Largest ratio below 1 that is ignored, as a fraction. */
  readonly toleranceDown: number
}

/** Whole milli-units, rounded up as Kubernetes' `Quantity.MilliValue` does: 0.4125 → 413. */
export function milliOf(quantity: number): number {
  return Math.ceil(quantity * 1000)
}

export function isWithinTolerance(
  ratio: number,
  { toleranceUp, toleranceDown }: Tolerance,
): boolean {
  return 1 - toleranceDown <= ratio && ratio <= 1 + toleranceUp
}

/** Rounds up and holds the count inside int32, as the controller does. */
export function ceilReplicas(replicas: number): number {
  return Math.min(Math.ceil(replicas), MAX_INT32)
}

export interface AverageValueInput extends Tolerance {
  /** Sum over all items of the metric. */
  readonly total: number
  /** Wanted share of `total` per replica, > 0. */
  readonly targetAverage: number
  /** `status.replicas`: the replicas that are there. */
  readonly currentReplicas: number
}

/** AverageValue target: ratio = total / (target · current); outside the tolerance ceil(total / target). */
export function averageValueReplicas(input: AverageValueInput): number {
  const { total, targetAverage, currentReplicas } = input
  // 0/0 is NaN and x/0 is infinite: neither is within, so that from zero replicas the count follows the total
  const ratio = total / (targetAverage * currentReplicas)
  return isWithinTolerance(ratio, input) ? currentReplicas : ceilReplicas(total / targetAverage)
}

export interface ValueInput extends Tolerance {
  /** Sum over all items of the metric. */
  readonly total: number
  /** Wanted value of `total`, > 0. */
  readonly target: number
  /** `spec.replicas`. */
  readonly currentReplicas: number
  /** Running pods whose condition Ready is True. */
  readonly readyReplicas: number
}

/** Value target: ratio = total / target, applied to the ready pods; from zero replicas ceil(ratio). */
export function valueReplicas(input: ValueInput): number {
  const { total, target, currentReplicas, readyReplicas } = input
  const ratio = total / target
  if (currentReplicas === 0) return ceilReplicas(ratio)
  return isWithinTolerance(ratio, input) ? currentReplicas : ceilReplicas(ratio * readyReplicas)
}
