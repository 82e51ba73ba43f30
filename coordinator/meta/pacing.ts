/**
 * Budget pacing: at which price money is spent now, so that an amount for a day or a month lasts to its end and goes where
 * it avoids most loss.
 *
 * Minimising loss over a period under one amount of money has one multiplier: everything that avoids more loss for a
 * dollar than the price `p` is bought whenever it is on offer, nothing else ever. With the period's demand curves D_t(p)
 * known, p solves Σ_t D_t(p) = amount. They are not known, so the sum over the time that is left is forecast
 * (spend-profile.ts) and solved again and again against the money that is really left (re-solving: Jasin & Kumar 2012,
 * "A re-solving heuristic with bounded revenue loss", whose loss does not grow with the period's length). Between two
 * solutions a dual step, p ← p · exp(deviation), answers what the forecast missed: multiplicative mirror descent on the
 * dual (Balseiro, Lu & Mirrokni 2023, "The best of many worlds: dual mirror descent for online allocation problems",
 * §4), one e-fold for a thirtieth of the period's money. It is also what mixes two levels of spending where the demand
 * jumps at the price.
 *
 * Reactive need has a purse of its own, `reactiveShare` of the amount. It is paced by itself, from what the reactive
 * track (tick.ts, step 1) would have spent: no forecast of load ever reaches its price. What is put aside for it is out
 * of reach for everything beyond.
 */
import type { Directive } from './directive.ts'
import { demandAt, priceFor } from './price-ladder.ts'
import { demandNow, demandUntil, type SpendProfile } from './spend-profile.ts'

const HOUR_MS = 3_600_000
/** Parts of a period; a deviation of one part's money is an e-fold of the price, and is forgotten over one part. */
const PERIOD_PARTS = 30
/** Natural logarithm of the most that deviations change a price by. */
const MOST_DEVIATION = 2
/** Prices are solved anew so many times in a part of the profile. */
const SOLVED_A_PART = 4
/** What is put aside for the rest of the period: at most so many times what reactive control's own past asks for. */
const RESERVE_ROOM = 1.2

/** Of an amount that must last from `startMs` to `endMs`. */
export interface BudgetPeriod {
  readonly startMs: number
  readonly endMs: number
  /** $ for the whole of it. */
  readonly amount: number
}

/** How an amount stands; plain data. */
export interface Purse {
  readonly startMs: number
  /** From when spending is known; later than the start when the controller was not there. */
  readonly openedMs: number
  /** $ since then, as observed. */
  readonly spent: number
  /** $ that reactive control alone would have spent. */
  readonly reactiveSpent: number
  /** Spent beyond what was planned, $, lately. */
  readonly deviation: number
  readonly reactiveDeviation: number
  /** Prices as last solved, deviations apart; and when, 0: never. */
  readonly price: number
  readonly reactivePrice: number
  readonly solvedAtMs: number
  /** What was foreseen then for the rest of the period, $; null before anything was learned. */
  readonly foreseen: Foreseen | null
}

export interface Foreseen {
  /** At no price, and at the one that was solved. */
  readonly unpaced: number
  readonly paced: number
  /** Of reactive control alone, at no price. */
  readonly reactive: number
}

export function openPurse(period: BudgetPeriod, atMs: number): Purse {
  return {
    startMs: period.startMs,
    openedMs: atMs,
    ...{ spent: 0, reactiveSpent: 0, deviation: 0, reactiveDeviation: 0 },
    ...{ price: 0, reactivePrice: 0, solvedAtMs: 0, foreseen: null },
  }
}

/** $ that the purse began with: of a period that had begun already, the share that was left of it. */
export function amountOf({ startMs, endMs, amount }: BudgetPeriod, { openedMs }: Purse): number {
  return (amount * (endMs - openedMs)) / (endMs - startMs)
}

export interface Spending {
  readonly atMs: number
  /** Since the last one. */
  readonly lastedMs: number
  /** $ as observed. */
  readonly cost: number
  /** What the last tick's reactive track would have cost at any price, $/hour. */
  readonly reactiveDemand: ArrayLike<number>
}

/** The purse after money went out of it. */
export function payFrom(
  purse: Purse,
  period: BudgetPeriod,
  profile: SpendProfile,
  { atMs, lastedMs, cost, reactiveDemand }: Spending,
): Purse {
  const reactiveCost =
    (demandAt(reactiveDemand, reactivePriceOf(purse, period)) * lastedMs) / HOUR_MS
  const planned = demandNow(profile, atMs - lastedMs)
  const hours = lastedMs / HOUR_MS
  const keep = Math.exp((-lastedMs * PERIOD_PARTS) / (period.endMs - period.startMs))
  const beyond = (spent: number, plan: number | undefined) =>
    plan === undefined ? 0 : spent - plan * hours
  const { deviation, reactiveDeviation } = purse
  return {
    ...purse,
    spent: purse.spent + cost,
    reactiveSpent: purse.reactiveSpent + reactiveCost,
    deviation: keep * deviation + beyond(cost, planned && demandAt(planned.all, purse.price)),
    reactiveDeviation:
      keep * reactiveDeviation +
      beyond(reactiveCost, planned && demandAt(planned.reactive, purse.reactivePrice)),
  }
}

export interface PacingInput {
  readonly period: BudgetPeriod
  readonly purse: Purse
  readonly profile: SpendProfile
  readonly atMs: number
  readonly tickMs: number
  /** What all minReplicas cost, $/hour: kept for as long as the period lasts. */
  readonly minimumCostPerHour: number
  /** Share of the amount that reactive need has for itself, 0 to 1. */
  readonly reactiveShare: number
  /** Share of its error budget that a service may lose to the price, 0 to 1 (directive.ts). */
  readonly tolerance: number
}

export interface Paced {
  readonly purse: Purse
  readonly directive: Directive
  /** $/hour that may be spent until the next tick, whatever the prices say. */
  readonly costBudgetPerHour: number
  /** $ that reactive need is yet to be kept for. */
  readonly reserve: number
}

/** Prices and limits for the tick at `atMs`. */
export function pace(input: PacingInput): Paced {
  const { period, profile, atMs, tickMs, reactiveShare, tolerance } = input
  const amount = amountOf(period, input.purse)
  const left = amount - input.purse.spent
  const reactiveLeft = reactiveShare * amount - input.purse.reactiveSpent
  const { solvedAtMs, foreseen: known } = input.purse
  const isDue = !known || atMs - solvedAtMs >= profile.partMs / SOLVED_A_PART
  const purse = isDue ? { ...input.purse, ...solve(input, left, reactiveLeft) } : input.purse
  const { foreseen } = purse
  const price = steered(purse.price, purse.deviation, period)
  const tickHours = Math.min(tickMs, period.endMs - atMs) / HOUR_MS
  const laterHours = (period.endMs - atMs) / HOUR_MS - tickHours
  // before anything was learned, every hour may have the same
  const later = foreseen ? input.minimumCostPerHour * laterHours : 0
  const hours = foreseen ? tickHours : tickHours + laterHours
  const put = Math.max(0, reactiveLeft)
  const reserve = foreseen ? Math.min(put, RESERVE_ROOM * foreseen.reactive) : put
  return {
    purse,
    directive: {
      reactivePrice: Math.min(price, reactivePriceOf(purse, period)),
      price,
      extraBudgetPerHour: Math.max(0, left - reserve) / hours,
      tolerance,
    },
    costBudgetPerHour: Math.max(0, left - later) / hours,
    reserve,
  }
}

const steered = (price: number, deviation: number, { amount }: BudgetPeriod): number =>
  price * Math.exp(clamp((deviation * PERIOD_PARTS) / amount, MOST_DEVIATION))

/** At which the reactive track's share of the money lasts. */
function reactivePriceOf(purse: Purse, period: BudgetPeriod): number {
  return steered(purse.reactivePrice, purse.reactiveDeviation, period)
}

function solve(
  { period, profile, atMs }: PacingInput,
  left: number,
  reactiveLeft: number,
): Partial<Purse> {
  const demand = demandUntil(profile, atMs, period.endMs)
  if (!demand) return {}
  const price = priceFor(demand.all, left)
  return {
    price,
    reactivePrice: priceFor(demand.reactive, reactiveLeft),
    solvedAtMs: atMs,
    foreseen: {
      unpaced: demand.all[0]!,
      paced: demandAt(demand.all, price),
      reactive: demand.reactive[0]!,
    },
  }
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, -most), most)

/** Several amounts at once (a day's within a month's): a tick keeps to the tightest of each limit. */
export function tightest(all: readonly Paced[]): Pick<Paced, 'directive' | 'costBudgetPerHour'> {
  const most = (figure: (paced: Paced) => number) => Math.max(...all.map(figure))
  const least = (figure: (paced: Paced) => number) => Math.min(...all.map(figure))
  return {
    directive: {
      reactivePrice: most(({ directive }) => directive.reactivePrice),
      price: most(({ directive }) => directive.price),
      extraBudgetPerHour: least(({ directive }) => directive.extraBudgetPerHour),
      tolerance: least(({ directive }) => directive.tolerance),
    },
    costBudgetPerHour: least((paced) => paced.costBudgetPerHour),
  }
}
