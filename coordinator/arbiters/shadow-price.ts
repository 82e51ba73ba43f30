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

import { type Alternative, bestChange, MOST_ROWS } from './change.ts'
import { type FundingRequest, HELD, type Steps, stepsOf } from './steps.ts'

/** Money is compared with this slack, $/hour: sums of prices are not exact. */
export const MONEY_SLACK = 1e-9
/** Halvings of the price range: leaves so few steps about the marginal price that sorting them costs nothing. */
const BISECTIONS = 40

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
  const { row, slope } = steps
  const above = Math.max(marginalPrice(request, steps, budget), reservePrice)
  const grants: Grants = { granted: from.slice(), left: budget }
  for (let k = 0; k < slope.length; k++) {
    if (slope[k]! <= above) continue
    grants.granted[row[k]!]! += 1
    grants.left -= pricePerReplicaHour[row[k]!]!
  }
  spend(request, steps, grants, { sizeOf: blockAt, reservePrice })
  spend(request, steps, grants, { sizeOf: () => 1, reservePrice })

  const price = nextSlope(request, steps, grants.granted)
  if (price <= reservePrice)
    return { granted: grants.granted, shadowPrice: price, spent: budget - grants.left }
  if (exchange(request, steps, grants, { price, reservePrice }))
    // what it leaves pays no step that avoids anything, but one that avoids nothing measurable yet; were it left, the next
    // stage, where forecasts ask too, would give it to somebody else
    spend(request, steps, grants, { sizeOf: () => 1, reservePrice })
  const shadowPrice = nextSlope(request, steps, grants.granted)
  return { granted: grants.granted, shadowPrice, spent: budget - grants.left }
}

/** Of the steps that are not bought, the most that one avoids for a dollar. */
function nextSlope({ from }: FundingRequest, { slope, start }: Steps, granted: Int32Array): number {
  let most = 0
  for (let i = 0; i < from.length; i++) {
    const k = start[i]! + granted[i]! - from[i]!
    if (k < start[i + 1]!) most = Math.max(most, slope[k]!)
  }
  return most
}

interface Prices {
  /** Of the first step that could not be paid. */
  readonly price: number
  readonly reservePrice: number
}

/** Puts in place of the greedy purchases better ones for the same money (change.ts); false: there are none. */
function exchange(request: FundingRequest, steps: Steps, grants: Grants, prices: Prices): boolean {
  const { price, reservePrice } = prices
  const { granted, left, regret } = relax(request, steps, grants, price)
  const toBeat = regret + (price - reservePrice) * Math.max(0, grants.left)
  const rows = coreRows(request, steps, granted, { price, toBeat })
  if (rows.length > MOST_ROWS) return false
  const alternatives = rows.flatMap((i) => alternativesOf(request, i, granted[i]!, price))
  const changes = bestChange({ alternatives, left, price: price - reservePrice, toBeat })
  if (!changes) return false
  grants.granted.set(granted)
  grants.left = left
  for (const { row, replicas, moreCost } of changes) {
    grants.granted[row] = replicas
    grants.left -= moreCost
  }
  return true
}

interface Relaxed extends Grants {
  /** Of what was granted, against these counts. */
  readonly regret: number
}

/** Only what avoids more than `price` for a dollar. */
function relax(
  request: FundingRequest,
  { slope, start }: Steps,
  { granted, left }: Grants,
  price: number,
): Relaxed {
  const { from, pricePerReplicaHour } = request
  const relaxed = { granted: granted.slice(), left, regret: 0 }
  for (let i = 0; i < from.length; i++) {
    const bought = start[i]! + granted[i]! - from[i]!
    let k = bought
    while (k > start[i]! && slope[k - 1]! <= price) k--
    if (k === bought) continue
    relaxed.granted[i]! += k - bought
    relaxed.left += (bought - k) * pricePerReplicaHour[i]!
    relaxed.regret += regretsOf(request, i, relaxed.granted[i]!, price)[granted[i]! - from[i]!]!
  }
  return relaxed
}

/** Rows of which one more or one less regrets less than is `toBeat`. */
function coreRows(
  { from, pricePerReplicaHour }: FundingRequest,
  { slope, start }: Steps,
  granted: Int32Array,
  { price, toBeat }: { readonly price: number; readonly toBeat: number },
): number[] {
  const rows: number[] = []
  for (let i = 0; i < from.length && rows.length <= MOST_ROWS; i++) {
    const k = start[i]! + granted[i]! - from[i]!
    const last = k > start[i]! ? slope[k - 1]! - price : Number.POSITIVE_INFINITY
    const next = k < start[i + 1]! ? price - slope[k]! : Number.POSITIVE_INFINITY
    if (Math.min(last, next) * pricePerReplicaHour[i]! < toBeat) rows.push(i)
  }
  return rows
}

function alternativesOf(
  request: FundingRequest,
  row: number,
  relaxed: number,
  price: number,
): Alternative[] {
  return Array.from(regretsOf(request, row, relaxed, price), (regret, step) => {
    const replicas = request.from[row]! + step
    const moreCost = (replicas - relaxed) * request.pricePerReplicaHour[row]!
    return { row, replicas, regret, moreCost }
  }).filter(({ replicas }) => replicas !== relaxed)
}

/** What each count of row `i` loses against `best`, a step of which is worth more than `price` to the last. */
function regretsOf(request: FundingRequest, i: number, best: number, price: number): Float64Array {
  const { from, held, weight, pricePerReplicaHour } = request
  const curve = request.loss(i)
  const worth = new Float64Array(curve.length)
  for (let k = 0; k + 1 < curve.length; k++) {
    const avoided = Math.max(0, curve[k]! - curve[k + 1]!) * weight[i]!
    const counts = k < held[i]! - from[i]! ? HELD : 1
    worth[k + 1] = worth[k]! + avoided * counts - price * pricePerReplicaHour[i]!
  }
  const most = worth[best - from[i]!]!
  return worth.map((one) => Math.max(0, most - one))
}

interface Grants {
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
  grants: Grants,
  { sizeOf, reservePrice }: Shopping,
): void {
  const { from, pricePerReplicaHour } = request
  const { slope, start } = steps
  const { granted } = grants
  const nextOf = (i: number): number => start[i]! + granted[i]! - from[i]!
  const affordable = (i: number): boolean => {
    const k = nextOf(i)
    if (k >= start[i + 1]! || pricePerReplicaHour[i]! > grants.left + MONEY_SLACK) return false
    if (reservePrice > 0 && slope[k]! <= reservePrice) return false
    return sizeOf(steps, i, k) * pricePerReplicaHour[i]! <= grants.left + MONEY_SLACK
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
    grants.left -= size * pricePerReplicaHour[best]!
  }
}

/**
 * A price at which all steps that are dearer fit the money, and hardly any step more. Each halving of the price range
 * leaves only the steps within it to look at again.
 */
function marginalPrice(request: FundingRequest, steps: Steps, budget: number): number {
  const { pricePerReplicaHour } = request
  const { row, slope } = steps
  const open = countingUp(slope.length)
  let openCount = open.length
  let spent = 0 // on steps dearer than `above`
  let atMost = -1
  let above = nextSlope(request, steps, request.from)
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

function countingUp(length: number): Uint32Array {
  const numbers = new Uint32Array(length)
  for (let k = 0; k < length; k++) numbers[k] = k
  return numbers
}
