/** One month under one treasurer, and what the best pacing that knows the whole month would have made of it. */

import { seededRandom } from '../../datasets/random.ts'
import { BudgetConfig } from '../../services/budget/config.ts'
import { createPacer, type Pacer } from '../../services/budget/pacer.ts'
import type { CreatePlant } from '../simulator/plant.ts'
import { simulate } from '../simulator/run.ts'
import { createScrape } from '../simulator/scrape.ts'
import { createPaced, type PacedParams, type Treasurer } from './controller.ts'
import type { Month } from './fleet.ts'

const DAY_MS = 86_400_000

export interface MonthFigures {
  /** $ in the month. */
  readonly spend: number
  /** Weighted violating requests, and those of each service. */
  readonly violations: number
  readonly requests: number
  /** $ by the end of each day of the month. */
  readonly spendByDay: readonly number[]
}

export interface RunOptions {
  readonly createPlant: CreatePlant
  readonly params?: PacedParams
}

export function runMonth(
  { scenario, fromTick }: Month,
  treasurer: Treasurer,
  { createPlant, params }: RunOptions,
): MonthFigures {
  const { seed, tickMs, services } = scenario
  const record = simulate(scenario, {
    plant: createPlant(scenario, { random: (name) => seededRandom('pacing', seed, name) }),
    controller: createPaced(scenario, treasurer, params),
    scrape: createScrape(scenario, seededRandom('pacing-scrape', seed)),
  })
  const ticksADay = DAY_MS / tickMs
  const spendByDay: number[] = []
  let [spend, violations, requests] = [0, 0, 0]
  for (let tick = fromTick; tick < record.columns[0]!.cost.length; tick++) {
    record.columns.forEach(({ cost, violations: late, arrivals }, i) => {
      spend += cost[tick]!
      violations += services[i]!.spec.weight * late[tick]!
      requests += services[i]!.spec.weight * arrivals[tick]!
    })
    if ((tick + 1 - fromTick) % ticksADay === 0) spendByDay.push(spend)
  }
  return { spend, violations, requests, spendByDay }
}

/** Spends without limit. */
export const unlimited: Treasurer = { before: () => undefined, after: () => undefined }

/** Buys at one price from the first tick to the last. */
export function constantPrice(price: number): Treasurer {
  const directive = {
    ...{ reactivePrice: price, price },
    ...{ extraBudgetPerHour: 1e9, tolerance: 0 },
  }
  return { before: () => ({ directive, costBudgetPerHour: 1e9 }), after: () => undefined }
}

/** The live pacer with an amount for each calendar month. */
export function paced(tickMs: number, perMonth: number): Pacer {
  const { reactiveShare, reactiveTolerance: tolerance } = BudgetConfig.parse({})
  return createPacer(() => ({
    ...{ amounts: { month: perMonth }, reactiveShare, tolerance, tickMs },
    ...{ dayMs: DAY_MS, weekDays: 7 },
  }))
}

export interface Clairvoyant {
  readonly violations: number
  /** Prices that it mixes, and the share of the money spent at the lower one. */
  readonly low: number
  readonly high: number
}

/** The price is known to a few per cent then; what is left is mixed. */
const HALVINGS = 9

/**
 * The best pacing of `amount` that knows the month: spending has one multiplier, so it is one price from beginning to
 * end, or, where demand jumps, a mixture in time of the prices on either side of the jump (on the lower hull of all
 * constant prices' cost–violation pairs). Bisection on the logarithm of the price.
 */
export function clairvoyant(month: Month, amount: number, options: RunOptions): Clairvoyant {
  const at = (price: number) => ({ price, ...runMonth(month, constantPrice(price), options) })
  let low = at(1)
  let high = at(1e4)
  if (low.spend <= amount) return { violations: low.violations, low: low.price, high: low.price }
  for (let i = 0; i < HALVINGS; i++) {
    const middle = at(Math.sqrt(low.price * high.price))
    if (middle.spend > amount) low = middle
    else high = middle
  }
  const share = (amount - high.spend) / (low.spend - high.spend)
  return {
    violations: share * low.violations + (1 - share) * high.violations,
    low: low.price,
    high: high.price,
  }
}

/** The same money, the same in every hour. */
export function evenly(amount: number, hours: number): Treasurer {
  return { before: () => ({ costBudgetPerHour: amount / hours }), after: () => undefined }
}

export interface PacingRow {
  readonly seed: number
  /** $ without any budget. */
  readonly unpaced: number
  /** $ ÷ amount. */
  readonly spent: number
  /** Whole days that were left when no money was. */
  readonly exhaustedDaysEarly: number
  /** Weighted violating requests ÷ weighted requests. */
  readonly violations: number
  readonly unpacedViolations: number
  readonly clairvoyantViolations: number
  readonly evenViolations: number
}

/** One month with `share` of what it would cost without a budget. */
export function comparePacing(month: Month, share: number, options: RunOptions): PacingRow {
  const { tickMs, seed, services } = month.scenario
  const free = runMonth(month, unlimited, options)
  const amount = share * free.spend
  const run = runMonth(month, paced(tickMs, amount), options)
  const ticks = services[0]!.load.length - month.fromTick
  const even = runMonth(month, evenly(amount, (ticks * tickMs) / 3_600_000), options)
  const ratio = (violations: number) => violations / run.requests
  return {
    seed,
    unpaced: free.spend,
    spent: run.spend / amount,
    exhaustedDaysEarly: run.spendByDay.slice(0, -1).filter((spend) => spend >= amount).length,
    violations: ratio(run.violations),
    unpacedViolations: ratio(free.violations),
    clairvoyantViolations: ratio(clairvoyant(month, amount, options).violations),
    evenViolations: ratio(even.violations),
  }
}
