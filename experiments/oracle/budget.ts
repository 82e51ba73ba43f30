/**
 * Several services under one budget. The budget is priced tick by tick (Lagrangian relaxation: Everett 1963; Geoffrion
 * 1974): with a price on every replica each service is a dynamic program of its own, and whatever the prices, the sum less
 * what the budget pays is a bound that nothing within the budget can beat. Prices rise where too much is asked for and
 * fall where money is left (subgradient; step of Polyak 1969); schedules that still overspend give up the replicas that
 * avoid least. What is between the two is the gap, which is said.
 */
import { bestSchedule, livedSchedule, type OracleService, type Schedule } from './schedule.ts'

export interface OracleBudget {
  readonly costBudgetPerHour: number
  readonly hoursATick: number
  /** Where the search for prices begins, $ per $ of budget in each tick; nowhere when absent. */
  readonly prices?: Float64Array
}

export interface WithinBudget {
  readonly schedules: readonly Schedule[]
  /** Cost + price · violations of the schedules; no schedules within the budget have less than `bound`. */
  readonly value: number
  readonly bound: number
}

const ROUNDS = 60
const GAP_ENOUGH = 1e-4
const SLACK = 1e-9

/** Throws a RangeError when the budget does not pay for the least replicas. */
export function bestWithinBudget(
  services: readonly OracleService[],
  price: number,
  { costBudgetPerHour, hoursATick, prices: first }: OracleBudget,
): WithinBudget {
  const budget = costBudgetPerHour * hoursATick
  const least = services.reduce((sum, s) => sum + s.least * s.replicaCost, 0)
  if (least > budget + SLACK)
    throw new RangeError(
      `budget is ${costBudgetPerHour}, allowed from ${least / hoursATick}: what the least replicas cost`,
    )
  const prices = first?.slice() ?? new Float64Array(services[0]?.ticks ?? 0)
  let best: WithinBudget = {
    schedules: [],
    value: Number.POSITIVE_INFINITY,
    bound: Number.NEGATIVE_INFINITY,
  }
  let stride = 2
  for (let round = 0; round < ROUNDS; round++) {
    const relaxed = services.map((service) =>
      bestSchedule(
        service,
        price,
        prices.map((each) => each * service.replicaCost),
      ),
    )
    const spare = spareOf(services, relaxed, budget)
    const dual = prices.reduce(
      (sum, each, t) => sum - each * spare[t]!,
      pricedValue(relaxed, price),
    )
    if (dual <= best.bound) stride *= 0.9
    const schedules = repair(services, relaxed, { price, budget })
    const value = pricedValue(schedules, price)
    const bound = Math.max(best.bound, dual)
    best = value < best.value ? { schedules, value, bound } : { ...best, bound }
    const gap = best.value - best.bound
    if (gap <= GAP_ENOUGH * Math.abs(best.value)) break
    follow(prices, spare, stride * (best.value - dual))
  }
  return best
}

/** One step against the slope of the dual, which is what is left of the budget. */
function follow(prices: Float64Array, spare: Float64Array, length: number): void {
  const steepness = spare.reduce((sum, left) => sum + left * left, 0)
  if (steepness === 0) return
  for (let t = 0; t < prices.length; t++)
    prices[t] = Math.max(0, prices[t]! - (length / steepness) * spare[t]!)
}

const pricedValue = (schedules: readonly Schedule[], price: number): number =>
  schedules.reduce((sum, { cost, violations }) => sum + cost + price * violations, 0)

/** Of each tick: what all that is asked for leaves of the budget, $. */
function spareOf(
  services: readonly OracleService[],
  schedules: readonly Schedule[],
  budget: number,
): Float64Array {
  return Float64Array.from({ length: services[0]?.ticks ?? 0 }, (_, t) =>
    services.reduce(
      (left, { replicaCost }, i) => left - replicaCost * schedules[i]!.requested[t]!,
      budget,
    ),
  )
}

/** Schedules within the budget: tick by tick the replica is given up that avoids least for its money. */
function repair(
  services: readonly OracleService[],
  schedules: readonly Schedule[],
  { price, budget }: { readonly price: number; readonly budget: number },
): Schedule[] {
  const requested = schedules.map((schedule) => schedule.requested.slice())
  for (let t = 0; t < (services[0]?.ticks ?? 0); t++) {
    let spent = services.reduce((sum, s, i) => sum + s.replicaCost * requested[i]![t]!, 0)
    while (spent > budget + SLACK) {
      const given = leastMissed(services, requested, t, price)
      requested[given]![t]!--
      spent -= services[given]!.replicaCost
    }
  }
  return services.map((service, i) => livedSchedule(service, requested[i]!))
}

function leastMissed(
  services: readonly OracleService[],
  requested: readonly Int32Array[],
  t: number,
  price: number,
): number {
  let least = -1
  let missed = Number.POSITIVE_INFINITY
  services.forEach((service, i) => {
    const count = requested[i]![t]!
    if (count <= service.least) return
    const more = service.violations(t, count - 1) - service.violations(t, count)
    const density = (price * more) / service.replicaCost
    if (density < missed) {
      missed = density
      least = i
    }
  })
  return least
}
