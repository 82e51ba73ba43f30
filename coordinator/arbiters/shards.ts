/**
 * One budget for several shards that know nothing of one another's services: each says what it would spend at every price
 * (price-ladder.ts), and the price is sought at which all of them together spend the budget. It is the same Lagrange
 * multiplier that arbiters/shadow-price.ts finds among services; dual decomposition (Everett 1963; Kelly 1997) needs nothing
 * else of a shard than its answer to a price, so one exchange of curves stands for all rounds of a bisection.
 */
import { MONEY_SLACK } from './shadow-price.ts'

export interface ShardDemand {
  /** What must be spent at any price, $/hour. */
  readonly least: number
  /** Spend at each price of one rising ladder that all shards share, $/hour; never rises. */
  readonly spend: ArrayLike<number>
}

export interface Split {
  /** $/hour for each shard, in the order given; together never more than the budget, unless that is below all `least`. */
  readonly budgets: readonly number[]
  /** Step of the ladder at which the budget suffices: the lowest such; its length when even the highest is too dear. */
  readonly step: number
}

/**
 * The lowest price at which all fit in; what is left there goes where the next lower price would spend it, in proportion,
 * and what nobody would spend at all is handed out evenly, so that a burst between two exchanges finds money.
 */
export function splitBudget(shards: readonly ShardDemand[], budget: number): Split {
  const steps = shards[0]?.spend.length ?? 0
  const total = (of: (shard: ShardDemand) => number) => shards.reduce((sum, s) => sum + of(s), 0)
  let step = steps
  while (step > 0 && total((s) => spendAt(s, step - 1)) <= budget + MONEY_SLACK) step--
  const base = shards.map((shard) => (step === steps ? shard.least : spendAt(shard, step)))
  const left = budget - base.reduce((sum, cost) => sum + cost, 0)
  if (left <= 0) return { budgets: base, step }
  const wishes =
    step === 0
      ? shards.map(() => 1)
      : shards.map((shard, i) => Math.max(0, spendAt(shard, step - 1) - base[i]!))
  const wanted = wishes.reduce((sum, wish) => sum + wish, 0)
  return {
    budgets: base.map((cost, i) => cost + (wanted > 0 ? (left * wishes[i]!) / wanted : 0)),
    step,
  }
}

const spendAt = ({ spend, least }: ShardDemand, step: number): number =>
  Math.max(least, spend[step]!)

export interface ShardNeeds {
  /** What must be spent at any price, $/hour. */
  readonly least: number
  /** Spend on reactive need alone at each price of the ladder, $/hour; never rises. */
  readonly reactive: ArrayLike<number>
  /** All spend at each price, reactive need in full at any; never rises. */
  readonly all: ArrayLike<number>
}

/**
 * The order of a tick (tick.ts) over all shards: reactive need comes first, at one price where the budget does not carry it
 * whole; what it leaves goes to what forecasts want, at one price.
 */
export function shareBudget(shards: readonly ShardNeeds[], budget: number): Split {
  const reactive = shards.map(({ least, reactive: spend }) => ({ least, spend }))
  const whole = reactive.reduce((sum, shard) => sum + spendAt(shard, 0), 0)
  if (whole > budget + MONEY_SLACK) return splitBudget(reactive, budget)
  return splitBudget(
    shards.map(({ all }, i) => ({ least: spendAt(reactive[i]!, 0), spend: all })),
    budget,
  )
}

export interface Claim {
  /** The share that the split gives this shard, $/hour. */
  readonly target: number
  /** What its replicas cost now, those that are ending included: it cannot be handed on before they are gone. */
  readonly running: number
  /** What this shard may spend as the others know it. */
  readonly held: number
  /** What the others may spend as they have written it down, heard of lately or not. */
  readonly others: number
  readonly budget: number
}

/**
 * What a shard may spend from now on, to be written down before it is acted upon. It lets go only what it no longer runs and
 * takes only what nobody holds: so the sum of what is written down never goes above the budget, whoever is silent, late
 * or gone, as long as each claim is made on the rows as they stand (one transaction).
 */
export function claimOf({ target, running, held, others, budget }: Claim): number {
  const free = Math.max(0, budget - others)
  const least = Math.min(held, running)
  return Math.max(least, Math.min(target, free))
}
