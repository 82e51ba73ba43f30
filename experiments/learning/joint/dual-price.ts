/**
 * The price on cost by dual ascent: after each period it moves by how far spending was off the budget, and never below
 * nothing (the projected subgradient of the budget's Lagrangian: Bertsekas 1999, §6.3; Low & Lapsley 1999). It reads the
 * first number of what an upper agent sees, `budgetUsed`: $/hour asked for ÷ $/hour that there is.
 */
import type { Cluster, ClusterSeen } from './cluster.ts'
import type { Upper } from './train.ts'
import { upperNumber } from './upper-actions.ts'

/** Of a price's whole range, by period and by 1 that spending is off. */
const RATE = 0.2

/** One price a copy, from nothing on. `upperActionSize` must be 1: the directive "price". */
export function createDualPrice({ copies, upperSize, upperActionSize }: Cluster): Upper {
  if (upperActionSize !== 1)
    throw new RangeError(`an upper action has ${upperActionSize} numbers, must have 1, a price`)
  const prices = new Float64Array(copies)
  return {
    act({ upper }: ClusterSeen) {
      for (let i = 0; i < copies; i++) prices[i] = nextPrice(prices[i]!, upper[i * upperSize]!)
      return Float32Array.from(prices, upperNumber)
    },
  }
}

/** `used`: spending ÷ budget. */
export function nextPrice(price: number, used: number): number {
  return Math.min(Math.max(price + RATE * (used - 1), 0), 1)
}
