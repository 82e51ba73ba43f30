/**
 * The convex knapsack: money goes, one replica at a time, to where the next dollar avoids most weighted loss.
 * The density of the first replica that could not be paid is the shadow price: loss that one more $/hour would
 * avoid (the budget's Lagrange multiplier; Kelly 1997, Everett 1963).
 *
 * Curves are made convex first (adjacent slopes pooled), so a steep later step is not hidden by a flat first one.
 */

/** Money is compared with this slack, $/hour: sums of prices are not exact. */
export const MONEY_SLACK = 1e-9

export interface FundingRequest {
  readonly from: number
  readonly to: number
  readonly pricePerReplicaHour: number
  readonly weight: number
  /** Loss with `from + i` replicas, i = 0 … to − from; asked for only when money is short. */
  readonly loss: () => Float64Array
}

export interface Funding {
  readonly granted: Int32Array
  /** Weighted requests/s outside the SLO per $/hour; 0 when all was paid. */
  readonly shadowPrice: number
  readonly spent: number
}

/** Pays for steps above `from` with `budget` $/hour. A negative budget buys nothing. */
export function fund(requests: readonly FundingRequest[], budget: number): Funding {
  let total = 0
  for (const r of requests) total += Math.max(0, r.to - r.from) * r.pricePerReplicaHour
  const granted = new Int32Array(requests.length)
  if (total <= budget + MONEY_SLACK) {
    for (let i = 0; i < requests.length; i++)
      granted[i] = Math.max(requests[i]!.to, requests[i]!.from)
    return { granted, shadowPrice: 0, spent: total }
  }
  return fundShort(requests, budget, granted)
}

function fundShort(
  requests: readonly FundingRequest[],
  budget: number,
  granted: Int32Array,
): Funding {
  const owners: number[] = []
  const slopes: number[] = []
  for (let i = 0; i < requests.length; i++) {
    const request = requests[i]!
    granted[i] = request.from
    if (request.to <= request.from) continue
    for (const slope of convexSlopes(request)) {
      owners.push(i)
      slopes.push(slope)
    }
  }
  // slopes of one owner stand in falling order, so a stable order never pays a later step first
  const order = Uint32Array.from(owners, (_, k) => k).sort(
    (a, b) => slopes[b]! - slopes[a]! || a - b,
  )
  const blocked = new Uint8Array(requests.length)
  let left = budget
  let shadowPrice = 0
  for (const k of order) {
    const owner = owners[k]!
    const price = requests[owner]!.pricePerReplicaHour
    if (blocked[owner]) continue
    if (price <= left + MONEY_SLACK) {
      left -= price
      granted[owner]! += 1
    } else {
      blocked[owner] = 1
      shadowPrice = Math.max(shadowPrice, slopes[k]!)
    }
  }
  return { granted, shadowPrice, spent: budget - left }
}

/** Weighted loss avoided per $ by each further replica, pooled so that it never rises. */
function convexSlopes({ loss, pricePerReplicaHour, weight }: FundingRequest): number[] {
  const curve = loss()
  const mean: number[] = []
  const size: number[] = []
  for (let i = 0; i + 1 < curve.length; i++) {
    mean.push(Math.max(0, curve[i]! - curve[i + 1]!))
    size.push(1)
    while (mean.length > 1 && mean[mean.length - 2]! < mean[mean.length - 1]!) {
      const m = mean.pop()!
      const n = size.pop()!
      const total = size[size.length - 1]! + n
      mean[mean.length - 1] = (mean[mean.length - 1]! * size[size.length - 1]! + m * n) / total
      size[size.length - 1] = total
    }
  }
  const scale = weight / pricePerReplicaHour
  return mean.flatMap((m, b) => new Array<number>(size[b]!).fill(m * scale))
}
