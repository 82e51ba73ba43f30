/**
 * The budget that agents share, as a hard limit: what they ask for is trimmed to what may be spent. The bounds of the
 * services come first: minReplicas run even where there is no money left.
 */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { Budget } from './config.ts'
import type { EpisodeState } from './episode.ts'
import type { Prepared } from './prepare.ts'

const HOUR_MS = 3_600_000
/** 0.1 + 0.2 is more than 0.3: a sum of prices may be above the limit by so much of it. */
const ROUNDING = 1e-9

type Priced = Pick<ServiceSpec, 'minReplicas' | 'pricePerReplicaHour'>

export interface Purse {
  /** $/hour that may be asked for in the next interval; infinite without a budget. */
  readonly limitPerHour: number
  /** What is left of the episode's money and of its time, 0 to 1. Money may be owed: minReplicas run on. */
  readonly budgetLeft: number
  readonly timeLeft: number
  /** $/hour that would use up exactly what is left; of a rate, the rate. */
  readonly evenPerHour: number
}

/** How the account stands before the next interval. */
export function purseOf(
  { config, tickMs, services }: Prepared,
  budget: Budget | undefined,
  { tick, spent }: Pick<EpisodeState, 'tick' | 'spent'>,
): Purse {
  const ticksLeft = Math.max(0, config.episodeTicks - tick)
  const timeLeft = ticksLeft / config.episodeTicks
  if (budget === undefined) {
    const limit = Number.POSITIVE_INFINITY
    return { limitPerHour: limit, budgetLeft: 1, timeLeft, evenPerHour: limit }
  }
  const { perHour, kind } = budget
  const tickHours = tickMs / HOUR_MS
  const total = perHour * config.episodeTicks * tickHours
  const budgetLeft = Math.min(Math.max(1 - spent / total, 0), 1)
  if (kind === 'rate') return { limitPerHour: perHour, budgetLeft, timeLeft, evenPerHour: perHour }
  const left = Math.max(0, total - spent)
  // the least that must run in all later intervals is put aside
  const later = leastCostPerHour(services.map(({ spec }) => spec)) * tickHours * (ticksLeft - 1)
  return {
    limitPerHour: Math.max(0, left - Math.max(0, later)) / tickHours,
    budgetLeft,
    timeLeft,
    evenPerHour: ticksLeft > 0 ? left / (ticksLeft * tickHours) : 0,
  }
}

export function leastCostPerHour(specs: readonly Priced[]): number {
  return specs.reduce((sum, spec) => sum + spec.minReplicas * spec.pricePerReplicaHour, 0)
}

export function costPerHour(counts: readonly number[], specs: readonly Priced[]): number {
  return counts.reduce((sum, count, i) => sum + count * specs[i]!.pricePerReplicaHour, 0)
}

/**
 * Counts that cost at most `limitPerHour`: of what each asks for above its minimum the same share, rounded down; what then
 * is left goes one by one to those with the largest remainders that it still pays for, the first of equals first, until
 * it pays for nobody who had to give up something.
 */
export function trimmed(
  asked: readonly number[],
  specs: readonly Priced[],
  limitPerHour: number,
): number[] {
  const cost = costPerHour(asked, specs)
  const slack = ROUNDING * limitPerHour
  if (cost <= limitPerHour + slack) return [...asked]
  const least = leastCostPerHour(specs)
  if (limitPerHour <= least) return specs.map(({ minReplicas }) => minReplicas)
  const share = (limitPerHour - least) / (cost - least)
  const ideal = asked.map((count, i) => {
    const { minReplicas } = specs[i]!
    return minReplicas + (count - minReplicas) * share
  })
  const counts = ideal.map((count) => Math.floor(count + ROUNDING))
  const order = ideal
    .map((count, i) => ({ i, remainder: count - counts[i]! }))
    .sort((a, b) => b.remainder - a.remainder || a.i - b.i)
  let left = limitPerHour + slack - costPerHour(counts, specs)
  for (let given = true; given; ) {
    given = false
    for (const { i } of order) {
      const { pricePerReplicaHour } = specs[i]!
      if (counts[i]! >= asked[i]! || pricePerReplicaHour > left) continue
      counts[i]!++
      left -= pricePerReplicaHour
      given = true
    }
  }
  return counts
}

/** Counts of which each costs at most its share of what is beyond the minimum of all; shares sum to at most 1. */
export function cappedByShares(
  asked: readonly number[],
  specs: readonly Priced[],
  shares: readonly number[],
  limitPerHour: number,
): number[] {
  const beyond = Math.max(0, limitPerHour - leastCostPerHour(specs))
  return asked.map((count, i) => {
    const { minReplicas, pricePerReplicaHour } = specs[i]!
    const extra = Math.floor((shares[i]! * beyond) / pricePerReplicaHour + ROUNDING)
    return Math.min(count, minReplicas + extra)
  })
}
