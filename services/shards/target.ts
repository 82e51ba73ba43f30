/** What a shard should have, by what all of them said. Pure. */
import { type ShardNeeds, type Split, shareBudget } from '../../coordinator/arbiters/shards.ts'
import { PRICES } from '../../coordinator/meta/price-ladder.ts'
import type { ShareRow } from './share.ts'

export interface TargetInput {
  readonly shard: string
  readonly need: ShardNeeds & { readonly runningPerHour: number }
  readonly budget: number
  readonly rows: readonly ShareRow[]
  readonly names: readonly string[]
  /** Whether shards that never said anything are still waited for. */
  readonly isWaiting: boolean
  readonly isSilent: (row: ShareRow) => boolean
}

export interface Target {
  readonly targetPerHour: number
  /** What the others hold, or is kept for them, $/hour. */
  readonly othersPerHour: number
  readonly price: number
}

/**
 * What the shard should have. While some have never said anything, nobody takes more than it runs, so that those find what
 * they run; later an even part is kept for each. Who is silent has what it holds, no more and no less.
 */
export function targetOf(input: TargetInput): Target {
  const { shard, need, budget, names, isWaiting } = input
  const others = input.rows.filter((row) => row.shard !== shard && names.includes(row.shard))
  const held = others.reduce((sum, row) => sum + row.claimPerHour, 0)
  const missing = names.length - 1 - others.length
  if (missing > 0 && isWaiting) {
    const targetPerHour = Math.max(need.runningPerHour, need.least)
    return { targetPerHour, othersPerHour: held, price: 0 }
  }
  const kept = (budget * missing) / names.length
  const needs = others.map((row) => (input.isSilent(row) ? fixed(row.claimPerHour) : needsOf(row)))
  const split = shareBudget([need, ...needs], budget - kept)
  return { targetPerHour: split.budgets[0]!, othersPerHour: held + kept, price: priceOf(split) }
}

const needsOf = ({ said }: ShareRow): ShardNeeds => ({
  least: said.leastPerHour,
  reactive: said.reactive,
  all: said.all,
})

function fixed(claimPerHour: number): ShardNeeds {
  const curve = new Float64Array(PRICES.length).fill(claimPerHour)
  return { least: claimPerHour, reactive: curve, all: curve }
}

const priceOf = ({ step }: Split): number => PRICES[Math.min(step, PRICES.length - 1)]!
