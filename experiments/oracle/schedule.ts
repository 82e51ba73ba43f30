/**
 * The cheapest replica counts for one service when all of its future is known: dynamic programming, exact for the model
 * below, for one price of a violating request; swept over prices it is the frontier that no controller can beat.
 *
 * Time goes in ticks of length τ, at whose beginnings q[t] replicas are asked for. A start-up takes m + φ ticks, m whole
 * and 0 ≤ φ ≤ 1. What was asked for all the while is ready, so with r[t] = min(q[t − m … t])
 *
 *   ready in tick t = min(r[t − 1], r[t]) for the share φ of it, r[t] for the rest
 *   paid in tick t  = q[t], and `stopCost` for each replica let go
 *   ramp              q[t] ≤ up(q[t − 1]) and q[t] ≥ down(q[t − 1]), both rising
 *
 * Pending starts need no state of their own. Whatever r is wanted, the least that has to be asked for is
 * q[t] = max(r[t … t + m]); it keeps the ramp exactly when r does (minimum and maximum commute with a rising function), and
 * costs Σ r[t] and, for every rise of r, the m ticks before it (a dip shorter than m is cheaper kept than stopped and
 * started, and so the optimum has none). Hence the state is r alone, and a tick costs O(counts).
 */

export interface OracleService {
  readonly ticks: number
  /** Bounds of r and q, both included. */
  readonly least: number
  readonly most: number
  /** Ready before the first tick, with nothing starting. */
  readonly initial: number
  /** Ticks from asking to ready, not negative; m is what is left of its ceiling without the last tick. */
  readonly startTicks: number
  /** $ of one replica for one tick. */
  readonly replicaCost: number
  /** $ of letting one replica go: it drains. */
  readonly stopCost: number
  /** The most and least that may follow a count; rising. Absent: any. */
  readonly ramp?: Ramp | undefined
  /** Requests outside the SLO in a tick all of which `ready` replicas serve; non-increasing in `ready`. */
  readonly violations: (tick: number, ready: number) => number
}

export interface Ramp {
  readonly up: (replicas: number) => number
  readonly down: (replicas: number) => number
}

export interface Schedule {
  /** r[t] of the model. */
  readonly ready: Int32Array
  /** q[t] of the model: what a controller would ask for. */
  readonly requested: Int32Array
  /** $ and violating requests by the model. */
  readonly cost: number
  readonly violations: number
}

/** m and φ. */
export function lagOf({ startTicks }: Pick<OracleService, 'startTicks'>): {
  readonly whole: number
  readonly share: number
} {
  const whole = Math.max(0, Math.ceil(startTicks) - 1)
  return { whole, share: startTicks - whole }
}

/**
 * Minimises cost + price · violations. `surcharge[t]`: further $ a replica in tick t (the price of a budget). Throws a
 * RangeError when bounds or initial count make no sense.
 */
export function bestSchedule(
  service: OracleService,
  price: number,
  surcharge?: Float64Array,
): Schedule {
  const { ticks, least, most, initial } = service
  if (!(least >= 0 && most >= least)) throw new RangeError(`most is ${most}, allowed from ${least}`)
  if (!(initial >= 0)) throw new RangeError(`initial is ${initial}, allowed from 0`)
  const from = choices(service, price, surcharge)
  const ready = new Int32Array(ticks)
  let at = from.last
  for (let tick = ticks - 1; tick >= 0; tick--) {
    ready[tick] = at + least
    at = from.before[tick * (most - least + 1) + at]!
  }
  return scheduleOf(service, ready)
}

/** What a sequence of r asks for, costs and violates by the model. */
export function scheduleOf(service: OracleService, ready: Int32Array): Schedule {
  const { ticks, replicaCost, stopCost, initial, violations } = service
  const { whole, share } = lagOf(service)
  const requested = Int32Array.from(ready, (_, t) => {
    let most = 0
    for (let s = t; s <= Math.min(t + whole, ticks - 1); s++) most = Math.max(most, ready[s]!)
    return most
  })
  let cost = 0
  let violating = 0
  for (let t = 0; t < ticks; t++) {
    const before = t === 0 ? initial : ready[t - 1]!
    const asked = t === 0 ? initial : requested[t - 1]!
    cost += replicaCost * requested[t]! + stopCost * Math.max(0, asked - requested[t]!)
    violating += lossOf(violations, t, { before, now: ready[t]!, share })
  }
  return { ready, requested, cost, violations: violating }
}

/** What any sequence of q costs and violates by the model, with or without a plan behind it. */
export function livedSchedule(service: OracleService, requested: Int32Array): Schedule {
  const { initial, replicaCost, stopCost, violations } = service
  const { whole, share } = lagOf(service)
  const asked = (t: number) => (t < 0 ? initial : requested[t]!)
  const ready = requested.map((_, t) => {
    let least = asked(t)
    for (let k = 1; k <= whole; k++) least = Math.min(least, asked(t - k))
    return least
  })
  let cost = 0
  let violating = 0
  for (let t = 0; t < requested.length; t++) {
    cost += replicaCost * asked(t) + stopCost * Math.max(0, asked(t - 1) - asked(t))
    const before = t === 0 ? initial : ready[t - 1]!
    violating += lossOf(violations, t, { before, now: ready[t]!, share })
  }
  return { ready, requested, cost, violations: violating }
}

interface Step {
  readonly before: number
  readonly now: number
  readonly share: number
}

function lossOf(violations: OracleService['violations'], tick: number, step: Step): number {
  const { before, now, share } = step
  const late = share > 0 && before < now ? share : 0
  const whole = (1 - late) * violations(tick, now)
  return late === 0 ? whole : whole + late * violations(tick, before)
}

interface Choices {
  /** The count (less `least`) that was best before count r at tick t, cell `t · counts + r`. */
  readonly before: Int32Array
  /** The best last count, less `least`. */
  readonly last: number
}

/** The forward pass. */
function choices(service: OracleService, price: number, surcharge?: Float64Array): Choices {
  const { ticks, least, most, initial, replicaCost } = service
  const counts = most - least + 1
  const { whole } = lagOf(service)
  const perReplica = Float64Array.from(
    { length: ticks },
    (_, t) => replicaCost + (surcharge?.[t] ?? 0),
  )
  const step = createStep(service, price)
  const before = new Int32Array(ticks * counts)
  let total = new Float64Array(counts).fill(Number.POSITIVE_INFINITY)
  let next = new Float64Array(counts)
  total[Math.min(Math.max(initial - least, 0), counts - 1)] = 0
  for (let tick = 0; tick < ticks; tick++) {
    const cells = before.subarray(tick * counts, (tick + 1) * counts)
    const startCost = tick < whole ? undefined : sumOf(perReplica, tick - whole, tick)
    step({ tick, total, next, before: cells, perReplica: perReplica[tick]!, startCost })
    const spent = total
    total = next
    next = spent
  }
  let last = 0
  for (let r = 1; r < counts; r++) if (total[r]! < total[last]!) last = r
  return { before, last }
}

interface TickStep {
  readonly tick: number
  /** $ and priced violations up to the tick before, by its count. */
  readonly total: Float64Array
  /** Written: the same with this tick, and the count before that is best. */
  readonly next: Float64Array
  readonly before: Int32Array
  readonly perReplica: number
  /**
   * What a replica costs while it starts, to be ready in this tick; undefined where it would have to be asked for before
   * the run.
   */
  readonly startCost: number | undefined
}

function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let t = from; t < to; t++) sum += values[t]!
  return sum
}

function createStep(service: OracleService, price: number): (step: TickStep) => void {
  const { least, most, stopCost, violations } = service
  const counts = most - least + 1
  const { share } = lagOf(service)
  const { riseFrom, fallFrom } = reachOf(service)
  const loss = new Float64Array(counts)
  const rising = new Float64Array(counts)
  const falling = new Float64Array(counts)
  const lowest = createSlidingLeast(rising)
  const highest = createSlidingLeast(falling)
  return ({ tick, total, next, before, perReplica, startCost }) => {
    for (let r = 0; r < counts; r++) {
      loss[r] = price * violations(tick, r + least)
      rising[r] = total[r]! - (startCost ?? 0) * r + share * loss[r]!
      falling[r] = total[r]! + stopCost * r
    }
    if (startCost === undefined) rising.fill(Number.POSITIVE_INFINITY)
    lowest.begin()
    highest.begin()
    for (let r = 0; r < counts; r++) {
      const below = lowest.least(riseFrom[r]!, r - 1)
      const above = highest.least(r, fallFrom[r]!)
      const from = rising[below] ?? Number.POSITIVE_INFINITY
      const rise = from + (startCost ?? 0) * r - share * loss[r]!
      const fall = falling[above]! - stopCost * r
      before[r] = rise < fall ? below : above
      next[r] = Math.min(rise, fall) + perReplica * (r + least) + loss[r]!
    }
  }
}

/** For each count (less `least`): the lowest that may rise to it, the highest that may fall to it. */
function reachOf({ least, most, ramp }: OracleService): {
  readonly riseFrom: Int32Array
  readonly fallFrom: Int32Array
} {
  const counts = most - least + 1
  const riseFrom = new Int32Array(counts)
  const fallFrom = new Int32Array(counts).fill(counts - 1)
  if (!ramp) return { riseFrom, fallFrom }
  for (let r = 0, low = 0; r < counts; r++) {
    while (low < r && ramp.up(low + least) < r + least) low++
    riseFrom[r] = low
  }
  for (let r = counts - 1, high = counts - 1; r >= 0; r--) {
    while (high > r && ramp.down(high + least) > r + least) high--
    fallFrom[r] = high
  }
  return { riseFrom, fallFrom }
}

/** Where the least value stands in a window whose ends never go back; -1 in an empty one. */
function createSlidingLeast(values: Float64Array): {
  begin(): void
  least(from: number, to: number): number
} {
  const queue = new Int32Array(values.length)
  let head = 0
  let tail = 0
  let seen = 0
  return {
    begin() {
      head = 0
      tail = 0
      seen = 0
    },
    least(from, to) {
      for (; seen <= to; seen++) {
        while (tail > head && values[queue[tail - 1]!]! >= values[seen]!) tail--
        queue[tail++] = seen
      }
      while (head < tail && queue[head]! < from) head++
      return head < tail ? queue[head]! : -1
    },
  }
}
