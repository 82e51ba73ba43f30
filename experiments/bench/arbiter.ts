/**
 * Sharing one budget among 10,000 services with 20 options each, beside the textbook's way: a heap of every service's next
 * replica, popped until the money ends (Dantzig 1957; for concave gains Fox 1966). Both have the curves ready.
 */
import { fund } from '../../coordinator/arbiters/shadow-price.ts'
import type { FundingRequest } from '../../coordinator/arbiters/steps.ts'
import { seededRandom } from '../../datasets/random.ts'
import { type Figure, leastMs } from './timing.ts'

const SERVICES = 10_000
const OPTIONS = 20
const BUDGET_SHARE = 0.6
const RUNS = 15

export async function benchArbiter(): Promise<Figure[]> {
  const request = fleet()
  const budget = BUDGET_SHARE * costOfAll(request)
  const [ours, heap] = [fund(request, budget).granted, heapGreedy(request, budget)]
  const [saved, savedByHeap] = [savedBy(request, ours), savedBy(request, heap)]
  if (saved < savedByHeap * (1 - 1e-9))
    throw new Error(`the arbiter saves ${saved}, the heap ${savedByHeap}`)
  const oursMs = await leastMs(RUNS, () => void fund(request, budget))
  const heapMs = await leastMs(RUNS, () => void heapGreedy(request, budget))
  return [
    {
      name: `arbiter.${SERVICES}x${OPTIONS}`,
      value: oursMs,
      unit: 'ms',
      peer: `heap of next replicas, ${heapMs.toFixed(1)} ms`,
      ratio: oursMs / heapMs,
    },
  ]
}

function fleet(): FundingRequest {
  const random = seededRandom(1, 'arbiter bench')
  const curves = Array.from({ length: SERVICES }, () => {
    const size = 100 * random()
    return Float64Array.from(
      { length: OPTIONS },
      (_, k) => size * Math.exp(-k * (0.1 + random() / 50)),
    )
  })
  return {
    from: new Int32Array(SERVICES),
    to: new Int32Array(SERVICES).fill(OPTIONS - 1),
    held: new Int32Array(SERVICES),
    pricePerReplicaHour: Float64Array.from({ length: SERVICES }, () => 0.05 + random() / 2),
    weight: Float64Array.from({ length: SERVICES }, () => 1 + Math.floor(3 * random())),
    loss: (row) => curves[row]!,
  }
}

function costOfAll({ to, pricePerReplicaHour }: FundingRequest): number {
  return to.reduce((sum, count, i) => sum + count * pricePerReplicaHour[i]!, 0)
}

function savedBy(request: FundingRequest, granted: Int32Array): number {
  return granted.reduce((sum, count, i) => {
    const curve = request.loss(i)
    return sum + request.weight[i]! * (curve[0]! - curve[count]!)
  }, 0)
}

/** Rows in a binary heap by what their next replica avoids for a dollar. */
function heapGreedy(request: FundingRequest, budget: number): Int32Array {
  const { from, to, pricePerReplicaHour, weight } = request
  const granted = from.slice()
  const curves = Array.from(from, (_, i) => request.loss(i))
  const slopeOf = (i: number): number => {
    const k = granted[i]!
    if (k >= to[i]!) return -1
    return ((curves[i]![k]! - curves[i]![k + 1]!) * weight[i]!) / pricePerReplicaHour[i]!
  }
  const slopes = Float64Array.from(from, (_, i) => slopeOf(i))
  const heap = Int32Array.from(from, (_, i) => i)
  let size = heap.length
  const sink = (start: number): void => {
    const moved = heap[start]!
    const slope = slopes[moved]!
    let at = start
    for (let child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && slopes[heap[child + 1]!]! > slopes[heap[child]!]!) child++
      if (slopes[heap[child]!]! <= slope) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = moved
  }
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(i)
  let left = budget
  while (size > 0 && slopes[heap[0]!]! > 0) {
    const i = heap[0]!
    if (pricePerReplicaHour[i]! <= left) {
      left -= pricePerReplicaHour[i]!
      granted[i]! += 1
      slopes[i] = slopeOf(i)
    } else {
      slopes[i] = -1
    }
    if (slopes[i]! < 0) heap[0] = heap[--size]!
    sink(0)
  }
  return granted
}
