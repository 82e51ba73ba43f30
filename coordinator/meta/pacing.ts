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
import { type DemandCurves, demandNow, demandUntil, type SpendProfile } from './spend-profile.ts'

const HOUR_MS = 3_600_000
/** Parts of a period; a deviation of one part's money is an e-fold of the price, and is forgotten over one part. */
const PERIOD_PARTS = 30
/** Natural logarithm of the most that deviations change a price by. */
const MOST_DEVIATION = 2
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
}

export function openPurse(period: BudgetPeriod, atMs: number): Purse {
  return {
    startMs: period.startMs,
    openedMs: atMs,
    ...{ spent: 0, reactiveSpent: 0, deviation: 0, reactiveDeviation: 0 },
    ...{ price: 0, reactivePrice: 0, solvedAtMs: 0 },
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
  /** $ as observed, and what the reactive track would have cost. */
  readonly cost: number
  readonly reactiveCost: number
}

/** The purse after money went out of it. */
export function payFrom(
  purse: Purse,
  period: BudgetPeriod,
  profile: SpendProfile,
  { atMs, lastedMs, cost, reactiveCost }: Spending,
): Purse {
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
  /** Demand at a later time as a multiple of what the profile says. */
  readonly growthAt?: ((atMs: number) => number) | undefined
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
  const { period, profile, atMs, tickMs, reactiveShare } = input
  const amount = amountOf(period, input.purse)
  const left = amount - input.purse.spent
  const reactiveLeft = reactiveShare * amount - input.purse.reactiveSpent
  const isDue = atMs - input.purse.solvedAtMs >= profile.partMs / 4
  const demand = demandUntil(profile, atMs, period.endMs, input.growthAt)
  const purse =
    isDue && demand ? { ...input.purse, ...solve(demand, left, reactiveLeft, atMs) } : input.purse
  const steer = (price: number, deviation: number) =>
    price * Math.exp(clamp((deviation * PERIOD_PARTS) / period.amount, MOST_DEVIATION))
  const tickHours = Math.min(tickMs, period.endMs - atMs) / HOUR_MS
  const laterHours = (period.endMs - atMs) / HOUR_MS - tickHours
  // before anything was learned, every hour may have the same
  const later = demand ? input.minimumCostPerHour * laterHours : 0
  const hours = demand ? tickHours : tickHours + laterHours
  const reserve = demand
    ? clamp(Math.max(0, reactiveLeft), RESERVE_ROOM * demand.reactive[0]!)
    : Math.max(0, reactiveLeft)
  return {
    purse,
    directive: {
      reactivePrice: steer(purse.reactivePrice, purse.reactiveDeviation),
      reactiveBudgetPerHour: Math.max(0, reactiveLeft - later) / hours,
      price: steer(purse.price, purse.deviation),
      extraBudgetPerHour: Math.max(0, left - reserve) / hours,
    },
    costBudgetPerHour: Math.max(0, left - later) / hours,
    reserve,
  }
}

function solve(
  demand: DemandCurves,
  left: number,
  reactiveLeft: number,
  atMs: number,
): Pick<Purse, 'price' | 'reactivePrice' | 'solvedAtMs'> {
  return {
    price: priceFor(demand.all, left),
    reactivePrice: priceFor(demand.reactive, reactiveLeft),
    solvedAtMs: atMs,
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
      reactiveBudgetPerHour: least(({ directive }) => directive.reactiveBudgetPerHour),
      price: most(({ directive }) => directive.price),
      extraBudgetPerHour: least(({ directive }) => directive.extraBudgetPerHour),
    },
    costBudgetPerHour: least((paced) => paced.costBudgetPerHour),
  }
}
