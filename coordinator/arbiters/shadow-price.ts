/**
 * The convex knapsack: money goes, one replica at a time, to where the next dollar avoids most weighted loss.
 * The density of the first replica that could not be paid is the shadow price: loss that one more $/hour would
 * avoid (the budget's Lagrange multiplier; Kelly 1997, Everett 1963).
 *
 * Curves are made convex first (adjacent slopes pooled), so a steep later step is not hidden by a flat first one. What
 * was pooled is bought whole while anything else can be had for the money: half of what a saturated service needs
 * saves none of its requests. Replicas that run already count a little more, or services at the margin would
 * take them from one another every tick.
 */

/** Money is compared with this slack, $/hour: sums of prices are not exact. */
export const MONEY_SLACK = 1e-9
/** Halvings of the price range: leaves so few steps about the marginal price that sorting them costs nothing. */
const BISECTIONS = 40
/** How much more a replica counts that runs already: starting another instead costs a start-up. */
const HELD = 1.15

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

export interface Funding {
  readonly granted: Int32Array
  /** Weighted requests/s outside the SLO per $/hour; 0 when all was paid. */
  readonly shadowPrice: number
  readonly spent: number
}

/**
 * Pays for steps above `from` with `budget` $/hour. A negative budget buys nothing. With a `reservePrice` above 0 nothing
 * is bought that avoids no more than that for a dollar: the money is worth more at another time (meta/pacing.ts).
 */
export function fund(request: FundingRequest, budget: number, reservePrice = 0): Funding {
  const { from, to, pricePerReplicaHour } = request
  let total = 0
  for (let i = 0; i < from.length; i++)
    total += Math.max(0, to[i]! - from[i]!) * pricePerReplicaHour[i]!
  if (total <= budget + MONEY_SLACK && reservePrice <= 0) {
    const granted = from.map((least, i) => Math.max(least, to[i]!))
    return { granted, shadowPrice: 0, spent: total }
  }
  return fundShort(request, stepsOf(request), budget, reservePrice)
}

/**
 * What would be spent at each of `prices` (rising from 0, at which everything is bought), $/hour. A service has the most
 * that any of the requests buys for it; all of them have the same services.
 */
export function demandOf(requests: readonly FundingRequest[], prices: Float64Array): Float64Array {
  const all = requests.map((request) => ({ request, steps: stepsOf(request) }))
  const { from, pricePerReplicaHour } = requests[0]!
  const spend = new Float64Array(prices.length)
  const counts = new Int32Array(prices.length)
  for (let i = 0; i < from.length; i++) {
    counts.fill(0)
    for (const { request, steps } of all) raiseCounts(counts, request, steps, { row: i, prices })
    for (let k = 0; k < counts.length; k++) spend[k]! += counts[k]! * pricePerReplicaHour[i]!
  }
  return spend
}

/** Raises each `counts[k]` to what row i has at `prices[k]`. */
function raiseCounts(
  counts: Int32Array,
  { from }: FundingRequest,
  { slope, start }: Steps,
  { row, prices }: { readonly row: number; readonly prices: Float64Array },
): void {
  const [first, end] = [start[row]!, start[row + 1]!]
  let bought = end // slopes fall within a row, so fewer are bought the higher the price
  for (let k = 0; k < counts.length; k++) {
    while (prices[k]! > 0 && bought > first && slope[bought - 1]! <= prices[k]!) bought--
    counts[k] = Math.max(counts[k]!, from[row]! + bought - first)
  }
}

/** Every step that is for sale: row by row, slopes falling within a row. */
interface Steps {
  readonly row: Int32Array
  readonly slope: Float64Array
  /** 1 where a step was pooled with the one before it. */
  readonly joined: Uint8Array
  /** Where each row's steps begin; one more entry than rows. */
  readonly start: Int32Array
}

function stepsOf(request: FundingRequest): Steps {
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

/**
 * The greedy order by falling slope, without sorting all of it: bisection finds the price at which the money ends. What
 * is dearer is bought at once; then, dearest first, every block that still fits; the change goes to single steps.
 */
function fundShort(
  request: FundingRequest,
  steps: Steps,
  budget: number,
  reservePrice: number,
): Funding {
  const { from, pricePerReplicaHour } = request
  const { row, slope, start } = steps
  const above = Math.max(marginalPrice(request, steps, budget), reservePrice)
  const purse: Purse = { granted: from.slice(), left: budget }
  for (let k = 0; k < slope.length; k++) {
    if (slope[k]! <= above) continue
    purse.granted[row[k]!]! += 1
    purse.left -= pricePerReplicaHour[row[k]!]!
  }
  spend(request, steps, purse, { sizeOf: blockAt, reservePrice })
  spend(request, steps, purse, { sizeOf: () => 1, reservePrice })

  let shadowPrice = 0
  for (let i = 0; i < from.length; i++) {
    const k = start[i]! + purse.granted[i]! - from[i]!
    if (k < start[i + 1]!) shadowPrice = Math.max(shadowPrice, slope[k]!)
  }
  return { granted: purse.granted, shadowPrice, spent: budget - purse.left }
}

interface Purse {
  readonly granted: Int32Array
  left: number
}

/** How many steps of row `i` belong to the block that begins at step `k`. */
function blockAt({ joined, start }: Steps, i: number, k: number): number {
  let size = 1
  while (k + size < start[i + 1]! && joined[k + size] === 1) size++
  return size
}

interface Shopping {
  readonly sizeOf: typeof blockAt
  readonly reservePrice: number
}

/** Buys the dearest next block (or step) that the money carries, again and again. */
function spend(
  request: FundingRequest,
  steps: Steps,
  purse: Purse,
  { sizeOf, reservePrice }: Shopping,
): void {
  const { from, pricePerReplicaHour } = request
  const { slope, start } = steps
  const { granted } = purse
  const nextOf = (i: number): number => start[i]! + granted[i]! - from[i]!
  const affordable = (i: number): boolean => {
    const k = nextOf(i)
    if (k >= start[i + 1]! || pricePerReplicaHour[i]! > purse.left + MONEY_SLACK) return false
    if (reservePrice > 0 && slope[k]! <= reservePrice) return false
    return sizeOf(steps, i, k) * pricePerReplicaHour[i]! <= purse.left + MONEY_SLACK
  }
  for (;;) {
    let best = -1
    for (let i = 0; i < from.length; i++) {
      if (best >= 0 && !(slope[nextOf(i)]! > slope[nextOf(best)]!)) continue
      if (affordable(i)) best = i
    }
    if (best < 0) return
    const size = sizeOf(steps, best, nextOf(best))
    granted[best]! += size
    purse.left -= size * pricePerReplicaHour[best]!
  }
}

/**
 * A price at which all steps that are dearer fit the money, and hardly any step more. Each halving of the price range
 * leaves only the steps within it to look at again.
 */
function marginalPrice(
  { pricePerReplicaHour }: FundingRequest,
  { row, slope }: Steps,
  budget: number,
): number {
  const open = Uint32Array.from({ length: slope.length }, (_, k) => k)
  let openCount = open.length
  let spent = 0 // on steps dearer than `above`
  let atMost = -1
  let above = slope.reduce((most, s) => Math.max(most, s), 0)
  for (let i = 0; i < BISECTIONS && openCount > 0 && above - atMost > above * 1e-9; i++) {
    const middle = (above + atMost) / 2
    let cost = spent
    for (let j = 0; j < openCount; j++) {
      const k = open[j]!
      if (slope[k]! > middle) cost += pricePerReplicaHour[row[k]!]!
    }
    const fits = cost <= budget + MONEY_SLACK
    let kept = 0
    for (let j = 0; j < openCount; j++) {
      const k = open[j]!
      if (slope[k]! > middle !== fits) open[kept++] = k
    }
    openCount = kept
    if (fits) {
      above = middle
      spent = cost
    } else atMost = middle
  }
  return above
}
