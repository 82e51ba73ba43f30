/** Who leads, and how shards share the budget, as lines for people. */
import type { LeadershipView } from '../leader/view.ts'
import type { ShardsView } from '../shards/view.ts'
import { type Column, dollars, figure, seconds, table } from './format.ts'
import type { Terminal } from './terminal.ts'

export function leaderLine({ leads, leader, token, url }: LeadershipView): string {
  const by = token === null ? '' : `, with token ${token}`
  if (leads) return `leads${by}`
  if (leader === null) return 'follows: nobody leads yet'
  return `follows ${leader}${by}${url === '' ? '' : `, at ${url}`}`
}

export function shardLines(view: ShardsView, terminal: Terminal): string[] {
  const { shard, budgetPerHour, jointBudgetPerHour, price } = view
  const own =
    budgetPerHour === null ? 'has claimed nothing here' : `may spend ${dollars(budgetPerHour)}`
  return [
    `shard ${shard} ${own} of ${dollars(jointBudgetPerHour)}; for all shards one more $/h would avoid ${figure(price)} violations/s`,
    ...table(columns(terminal), view.shards).map((line) => `  ${line}`),
  ]
}

const columns = (terminal: Terminal): Column<ShardsView['shards'][number]>[] => [
  { title: 'SHARD', text: (s) => s.shard },
  { title: 'MAY SPEND', right: true, text: (s) => dollars(s.claimPerHour) },
  { title: 'RUNS', right: true, text: (s) => dollars(s.runningPerHour) },
  { title: 'WANTS', right: true, text: (s) => dollars(s.wantedPerHour) },
  { title: 'HEARD', text: (s) => heardOf(s, terminal) },
  { title: 'LEADER', text: (s) => s.leader ?? 'none yet' },
]

function heardOf({ isSilent, silentMs }: ShardsView['shards'][number], terminal: Terminal): string {
  if (isSilent) return terminal.paint('red', 'silent')
  return `${seconds((silentMs ?? 0) / 1000)} ago`
}
