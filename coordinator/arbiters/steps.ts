/**
 * What is for sale: each further replica of each service, with the loss that it avoids for a dollar. Made convex (adjacent
 * slopes pooled, pool adjacent violators), so a steep later step is not hidden by a flat first one.
 */

/** How much more a replica counts that runs already: starting another instead costs a start-up. */
export const HELD = 1.15

/** What may be bought: row i is one service. Columns, because a fleet has tens of thousands of rows. */
export interface FundingRequest {
  readonly from: Int32Array
  readonly to: Int32Array
  /** Replicas that run now; steps up to here are dearer to give up. */
  readonly held: Int32Array
  readonly pricePerReplicaHour: Float64Array
  readonly weight: Float64Array
  /** Loss of row i with `from[i] + k` replicas, k = 0 … to[i] − from[i]; asked for only when money is short. */
  readonly loss: (row: number) => Float64Array
}

/** Every step that is for sale: row by row, slopes falling within a row. */
export interface Steps {
  readonly row: Int32Array
  readonly slope: Float64Array
  /** 1 where a step was pooled with the one before it. */
  readonly joined: Uint8Array
  /** Where each row's steps begin; one more entry than rows. */
  readonly start: Int32Array
}

export function stepsOf(request: FundingRequest): Steps {
  const { from, to } = request
  const start = new Int32Array(from.length + 1)
  for (let i = 0; i < from.length; i++) start[i + 1] = start[i]! + Math.max(0, to[i]! - from[i]!)
  const count = start[from.length]!
  const steps = {
    row: new Int32Array(count),
    slope: new Float64Array(count),
    joined: new Uint8Array(count),
    start,
  }
  for (let i = 0; i < from.length; i++) {
    if (start[i + 1]! === start[i]!) continue
    steps.row.fill(i, start[i]!, start[i + 1]!)
    writeConvexSlopes(request, i, steps)
  }
  return steps
}

/** Weighted loss avoided per $ by each further replica of row `i`, pooled so that it never rises. */
function writeConvexSlopes(
  request: FundingRequest,
  i: number,
  { slope, joined, start }: Steps,
): void {
  const { loss, pricePerReplicaHour, weight, from, held } = request
  const curve = loss(i)
  const scale = weight[i]! / pricePerReplicaHour[i]!
  const at = start[i]!
  const runs = held[i]! - from[i]!
  for (let k = 0; k + 1 < curve.length; k++) {
    slope[at + k] = Math.max(0, curve[k]! - curve[k + 1]!) * scale * (k < runs ? HELD : 1)
    // a rise is shared with the steps before it, block by block, as far back as needed
    let first = at + k
    let mean = slope[first]!
    while (first > at && slope[first - 1]! < mean) {
      let low = first - 1
      while (joined[low] === 1) low--
      const [left, right] = [first - low, at + k + 1 - first]
      mean = (slope[low]! * left + mean * right) / (left + right)
      first = low
    }
    if (first === at + k) continue
    slope.fill(mean, first, at + k + 1)
    joined.fill(1, first + 1, at + k + 1)
  }
}
