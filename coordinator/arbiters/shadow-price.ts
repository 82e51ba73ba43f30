/**
 * The convex knapsack: money goes, one replica at a time, to where the next dollar avoids most weighted loss.
 * The density of the first replica that could not be paid is the shadow price: loss that one more $/hour would
 * avoid (the budget's Lagrange multiplier; Kelly 1997, Everett 1963).
 *
 * Curves are made convex first (adjacent slopes pooled), so a steep later step is not hidden by a flat first one.
 */

/** Money is compared with this slack, $/hour: sums of prices are not exact. */
export const MONEY_SLACK = 1e-9
/** Halvings of the price range: leaves so few steps about the marginal price that sorting them costs nothing. */
const BISECTIONS = 40

/** What may be bought: row i is one service. Columns, because a fleet has tens of thousands of rows. */
export interface FundingRequest {
  readonly from: Int32Array
  readonly to: Int32Array
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

/** Pays for steps above `from` with `budget` $/hour. A negative budget buys nothing. */
export function fund(request: FundingRequest, budget: number): Funding {
  const { from, to, pricePerReplicaHour } = request
  let total = 0
  for (let i = 0; i < from.length; i++)
    total += Math.max(0, to[i]! - from[i]!) * pricePerReplicaHour[i]!
  if (total <= budget + MONEY_SLACK) {
    const granted = from.map((least, i) => Math.max(least, to[i]!))
    return { granted, shadowPrice: 0, spent: total }
  }
  return fundShort(request, stepsOf(request), budget)
}

/** Every step that is for sale: row by row, slopes falling within a row. */
interface Steps {
  readonly row: Int32Array
  readonly slope: Float64Array
  /** Where each row's steps begin; one more entry than rows. */
  readonly start: Int32Array
}

function stepsOf(request: FundingRequest): Steps {
  const { from, to } = request
  const start = new Int32Array(from.length + 1)
  for (let i = 0; i < from.length; i++) start[i + 1] = start[i]! + Math.max(0, to[i]! - from[i]!)
  const count = start[from.length]!
  const steps = { row: new Int32Array(count), slope: new Float64Array(count), start }
  for (let i = 0; i < from.length; i++) {
    if (start[i + 1]! === start[i]!) continue
    steps.row.fill(i, start[i]!, start[i + 1]!)
    writeConvexSlopes(request, i, steps.slope, start[i]!)
  }
  return steps
}

/** Weighted loss avoided per $ by each further replica of row `i`, pooled so that it never rises. */
function writeConvexSlopes(
  { loss, pricePerReplicaHour, weight }: FundingRequest,
  i: number,
  out: Float64Array,
  at: number,
): void {
  const curve = loss(i)
  const scale = weight[i]! / pricePerReplicaHour[i]!
  for (let k = 0; k + 1 < curve.length; k++) {
    out[at + k] = Math.max(0, curve[k]! - curve[k + 1]!) * scale
    // a rise is shared with the steps before it, as far back as needed
    let first = at + k
    let mean = out[first]!
    while (first > at && out[first - 1]! < mean) {
      const value = out[first - 1]!
      let low = first - 1
      while (low > at && out[low - 1] === value) low--
      const [left, right] = [first - low, at + k + 1 - first]
      mean = (value * left + mean * right) / (left + right)
      first = low
    }
    if (first < at + k) out.fill(mean, first, at + k + 1)
  }
}

/**
 * The greedy order by falling slope, without sorting all of it: bisection finds the price at which the money ends; what
 * is dearer is bought at once, the steps about that price in order, and the change is spent on what still fits.
 */
function fundShort(request: FundingRequest, steps: Steps, budget: number): Funding {
  const { from, pricePerReplicaHour } = request
  const { row, slope, start } = steps
  const { above, atMost } = marginalPrice(request, steps, budget)
  const granted = from.slice()
  const marginal: number[] = []
  let left = budget
  for (let k = 0; k < slope.length; k++) {
    if (slope[k]! > above) {
      granted[row[k]!]! += 1
      left -= pricePerReplicaHour[row[k]!]!
    } else if (slope[k]! > atMost) marginal.push(k)
  }
  marginal.sort((a, b) => slope[b]! - slope[a]! || a - b)
  const blocked = new Uint8Array(from.length)
  const buy = (k: number): void => {
    const i = row[k]!
    if (blocked[i]) return
    if (pricePerReplicaHour[i]! <= left + MONEY_SLACK) {
      granted[i]! += 1
      left -= pricePerReplicaHour[i]!
    } else blocked[i] = 1
  }
  for (const k of marginal) buy(k)
  spendChange()

  /** What is left is less than the price of the marginal step: cheaper services may still get one. */
  function spendChange(): void {
    for (let best = nextAffordable(); best >= 0; best = nextAffordable()) buy(best)
  }
  function nextAffordable(): number {
    let best = -1
    for (let i = 0; i < from.length; i++) {
      const k = start[i]! + granted[i]! - from[i]!
      if (blocked[i] || k >= start[i + 1]! || pricePerReplicaHour[i]! > left + MONEY_SLACK) continue
      if (best < 0 || slope[k]! > slope[best]!) best = k
    }
    return best
  }

  let shadowPrice = 0
  for (let i = 0; i < from.length; i++) {
    const k = start[i]! + granted[i]! - from[i]!
    if (k < start[i + 1]!) shadowPrice = Math.max(shadowPrice, slope[k]!)
  }
  return { granted, shadowPrice, spent: budget - left }
}

/** Two prices with nearly nothing between them: all steps dearer than `above` fit, those dearer than `atMost` do not. */
function marginalPrice(
  { pricePerReplicaHour }: FundingRequest,
  { row, slope }: Steps,
  budget: number,
): { above: number; atMost: number } {
  const costAbove = (price: number): number => {
    let cost = 0
    for (let k = 0; k < slope.length; k++)
      if (slope[k]! > price) cost += pricePerReplicaHour[row[k]!]!
    return cost
  }
  let atMost = -1
  let above = slope.reduce((most, s) => Math.max(most, s), 0)
  for (let i = 0; i < BISECTIONS && above - atMost > above * 1e-6; i++) {
    const middle = (above + atMost) / 2
    if (costAbove(middle) <= budget + MONEY_SLACK) above = middle
    else atMost = middle
  }
  return { above, atMost }
}
