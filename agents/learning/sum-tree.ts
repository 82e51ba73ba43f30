/**
 * Weights of which one is drawn in proportion to its size, in O(log n): a complete binary tree whose inner nodes hold the
 * sum and the least of what is below (Schaul et al. 2016, "Prioritized Experience Replay", appendix B.2.1). Each change
 * recomputes the nodes above it from their children and never adds a difference, so that no rounding error piles up and
 * the tree is a function of its leaves alone: a restored one goes on to the bit.
 */
import assert from 'node:assert/strict'

export interface SumTree {
  readonly capacity: number
  /** Sum of all weights; 0 when none was set. */
  total(): number
  /** The least weight that was set to more than 0; Infinity when there is none. */
  least(): number
  get(index: number): number
  /** `weight`: finite and not negative; 0 is never drawn. */
  set(index: number, weight: number): void
  /** The index at which the running sum passes `mass`, 0 ≤ mass < total; always one of weight over 0. */
  find(mass: number): number
}

export function createSumTree(capacity: number): SumTree {
  assert(Number.isInteger(capacity) && capacity >= 1, `capacity ${capacity}, must be 1 or more`)
  const leaves = 2 ** Math.ceil(Math.log2(capacity))
  // node i has the children 2i and 2i + 1; the leaves are the second half
  const sums = new Float64Array(2 * leaves)
  const leasts = new Float64Array(2 * leaves).fill(Number.POSITIVE_INFINITY)
  const check = (index: number) =>
    assert(Number.isInteger(index) && index >= 0 && index < capacity, `no leaf ${index}`)

  return {
    capacity,
    total: () => sums[1]!,
    least: () => leasts[1]!,
    get(index) {
      check(index)
      return sums[leaves + index]!
    },
    set(index, weight) {
      check(index)
      assert(
        weight >= 0 && weight < Number.POSITIVE_INFINITY,
        `weight ${weight}, must be 0 or more`,
      )
      let node = leaves + index
      sums[node] = weight
      leasts[node] = weight > 0 ? weight : Number.POSITIVE_INFINITY
      for (node >>= 1; node >= 1; node >>= 1) {
        sums[node] = sums[2 * node]! + sums[2 * node + 1]!
        leasts[node] = Math.min(leasts[2 * node]!, leasts[2 * node + 1]!)
      }
    },
    find(mass) {
      assert(sums[1]! > 0, 'nothing to draw from: every weight is 0')
      let node = 1
      let left = mass
      while (node < leaves) {
        node *= 2
        // rounding may carry `left` past the last weight: an empty side is never entered
        if (left < sums[node]! || sums[node + 1] === 0) continue
        left -= sums[node]!
        node++
      }
      return node - leaves
    },
  }
}
