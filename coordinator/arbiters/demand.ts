/**
 * Demand for money: what would be spent at each price. The meta-controller learns its shape over the week (meta/pacing.ts).
 */
import { type FundingRequest, type Steps, stepsOf } from './steps.ts'

/** What is bought at a price that may be lower than the others', and no more than so many a service. */
export interface DemandPart {
  readonly request: FundingRequest
  /** Prices beyond it are as good as it. */
  readonly priceMost?: number
  /** Most replicas of each service that are bought at any price above 0. */
  readonly most?: Int32Array
}

/**
 * What would be spent at each of `prices` (rising from 0, at which everything is bought), $/hour. A service has the most
 * that any of the parts buys for it; all of them have the same services.
 */
export function demandOf(parts: readonly DemandPart[], prices: Float64Array): Float64Array {
  const all = parts.map((part) => ({
    ...part,
    steps: stepsOf(part.request),
    prices: prices.map((price) => Math.min(price, part.priceMost ?? price)),
  }))
  const { from, pricePerReplicaHour } = parts[0]!.request
  const spend = new Float64Array(prices.length)
  const counts = new Int32Array(prices.length)
  for (let i = 0; i < from.length; i++) {
    counts.fill(0)
    for (const part of all) raiseCounts(counts, part, i)
    for (let k = 0; k < counts.length; k++) spend[k]! += counts[k]! * pricePerReplicaHour[i]!
  }
  return spend
}

/** Raises each `counts[k]` to what row i has at `prices[k]`. */
function raiseCounts(
  counts: Int32Array,
  {
    request: { from },
    steps: { slope, start },
    prices,
    most,
  }: DemandPart & { readonly steps: Steps; readonly prices: Float64Array },
  row: number,
): void {
  const [first, end] = [start[row]!, start[row + 1]!]
  let bought = end // slopes fall within a row, so fewer are bought the higher the price
  for (let k = 0; k < counts.length; k++) {
    while (prices[k]! > 0 && bought > first && slope[bought - 1]! <= prices[k]!) bought--
    const count = from[row]! + bought - first
    counts[k] = Math.max(counts[k]!, k > 0 && most ? Math.min(count, most[row]!) : count)
  }
}
