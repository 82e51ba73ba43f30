/**
 * Which tier a new node comes from: the one of which least would lie idle, processor and memory added, as the expander
 * "least-waste" of Kubernetes' cluster-autoscaler has it (cluster-autoscaler/expander/waste/waste.go, 1.30); among equals
 * the cheapest, as its expander "price", and then the first that was declared.
 */
import type { NodeTier } from '../scenario.ts'

export interface Size {
  readonly cpu: number
  readonly memoryGib: number
}

/** Replicas of this size that one node takes. Sizes that differ by rounding alone are equal. */
export function fitting(tier: Size, replica: Size): number {
  return Math.floor(Math.min(tier.cpu / replica.cpu, tier.memoryGib / replica.memoryGib) + 1e-9)
}

/**
 * Index of the tier for `count` replicas at once; undefined where no tier takes one or all are at their most.
 * `existing[i]` nodes of tier i are there.
 */
export function leastWaste(
  tiers: readonly NodeTier[],
  existing: ArrayLike<number>,
  replica: Size,
  count: number,
): number | undefined {
  let best: number | undefined
  let bestWaste = Number.POSITIVE_INFINITY
  let bestPrice = Number.POSITIVE_INFINITY
  tiers.forEach((tier, i) => {
    const each = fitting(tier, replica)
    if (each === 0 || existing[i]! >= tier.most) return
    const nodes = Math.min(Math.ceil(count / each), tier.most - existing[i]!)
    const placed = Math.min(count, nodes * each)
    const waste =
      2 -
      (placed * replica.cpu) / (nodes * tier.cpu) -
      (placed * replica.memoryGib) / (nodes * tier.memoryGib)
    const price = (nodes * tier.pricePerHour) / placed
    if (waste > bestWaste + 1e-9) return
    if (waste > bestWaste - 1e-9 && price >= bestPrice) return
    best = i
    bestWaste = waste
    bestPrice = price
  })
  return best
}
