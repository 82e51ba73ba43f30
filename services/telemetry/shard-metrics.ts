/** How the budget is shared among shards, as this controller's shard knows it. */
import type { ControlPlane } from '../control-plane.ts'
import type { ShardsView } from '../shards/view.ts'
import type { Scrape } from './scrape.ts'

export function shardMetrics(scrape: Scrape, control: ControlPlane): void {
  const { shards } = control.budget()
  if (!shards) return
  scrape.gauge(
    'forescale_shard_budget_dollars_per_hour',
    'What the last tick of this controller’s shard could spend.',
    shards.budgetPerHour === null
      ? []
      : [{ labels: { shard: shards.shard }, value: shards.budgetPerHour }],
  )
  scrape.gauge('forescale_shards_price', 'Price at which all shards together spend the budget.', [
    { value: shards.price },
  ])
  const each = (name: string, help: string, of: (row: ShardsView['shards'][number]) => number) =>
    scrape.gauge(
      `forescale_shard_${name}`,
      help,
      shards.shards.map((row) => ({ labels: { shard: row.shard }, value: of(row) })),
    )
  each('claim_dollars_per_hour', 'What a shard may spend.', (row) => row.claimPerHour)
  each(
    'running_cost_dollars_per_hour',
    'What a shard said that its replicas cost.',
    (row) => row.runningPerHour,
  )
  each('silent', '1 while nothing is heard of a shard.', (row) => (row.isSilent ? 1 : 0))
}
