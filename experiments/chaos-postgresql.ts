/**
 * kill -9 of a controller at random points of its ticks, over and over, with PostgreSQL as its ledger; then the books are
 * compared: every effect at the target has exactly one decision, none happened twice, no tick is missing, nothing is left
 * open, and no count ever left its bounds or the budget.
 *
 *   node experiments/chaos-postgresql.ts --kills 200
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { seededRandom } from '../datasets/random.ts'
import { metric, startCluster, type TestCluster } from '../services/leader/test-cluster.ts'

const TICK_MS = 500
const SERVICES = ['a', 'b', 'c', 'd']
const MIN = 1
const MAX = 9
const PRICE = 0.1
const BUDGET = SERVICES.length
const READY_LIMIT_MS = 30_000

/** Time until the killed controller has taken a new tick and says that it is ready. */
async function recoveryMs(cluster: TestCluster): Promise<number> {
  const killedAtMs = Date.now()
  // as `up` would: one that does not start is started again
  await cluster.restart(0).catch(() => cluster.restart(0))
  while (Date.now() - killedAtMs < READY_LIMIT_MS) {
    const [{ status }, { atMs }] = await Promise.all([
      cluster.get<{ status: string }>(0, '/readyz'),
      cluster.get<{ atMs: number }>(0, '/v1/ticks/latest'),
    ]).catch(() => [{ status: '' }, { atMs: 0 }] as const)
    if (status === 'ready' && atMs > killedAtMs) break
    await sleep(20)
  }
  return Date.now() - killedAtMs
}

async function compareBooks({ postgres, target }: TestCluster) {
  const rows = await postgres.query('SELECT id, settlement, tick, service FROM forescale.decisions')
  const [ticks] = await postgres.query(
    'SELECT count(*) AS n, max(tick) - min(tick) + 1 - count(*) AS missing FROM forescale.ticks',
  )
  const [over] = await postgres.query(
    'SELECT count(*) AS n FROM forescale.ticks WHERE feasible AND spend_per_hour > cost_budget_per_hour + 1e-6',
  )
  const settlements = new Map(rows.map((row) => [String(row.id), String(row.settlement)]))
  const ids = target.applied.map((order) => order.decisionId)
  const effects = new Set(ids)
  const running = new Map(SERVICES.map((service) => [service, 1]))
  const overBudget = target.applied.filter(({ service, to }) => {
    running.set(service, to)
    return [...running.values()].reduce((sum, n) => sum + n * PRICE, 0) > BUDGET + 1e-9
  })
  return {
    ticks: Number(ticks!.n),
    decisions: rows.length,
    effects: ids.length,
    lost: ids.filter((id) => !settlements.has(id)).length,
    appliedTwice: ids.length - effects.size,
    appliedWithoutEffect: [...settlements].filter(([id, s]) => s === 'applied' && !effects.has(id))
      .length,
    leftOpen: [...settlements.values()].filter((s) => s === 'pending').length,
    ticksMissing: Number(ticks!.missing),
    twiceDecided: rows.length - new Set(rows.map((row) => `${row.tick} ${row.service}`)).size,
    outOfBounds: target.applied.filter(({ to }) => to < MIN || to > MAX).length,
    overBudget: overBudget.length + Number(over!.n),
    ordersRepeated: target.repeated(),
  }
}

const { kills, seed, json } = new Command('chaos-postgresql')
  .option('--kills <n>', 'kills', Number, 200)
  .option('--seed <n>', 'seed of the moments', Number, 1)
  .option('--json', 'one JSON object instead of the tables', false)
  .parse()
  .opts<{ kills: number; seed: number; json: boolean }>()

const cluster = await startCluster({
  ...{ controllers: 1, tickMs: TICK_MS, services: SERVICES },
  leader: { election: false },
})
try {
  const random = seededRandom('chaos-postgresql', seed)
  const times: number[] = []
  await cluster.untilLeader(READY_LIMIT_MS)
  for (let kill = 1; kill <= kills; kill++) {
    await sleep(TICK_MS + random() * TICK_MS)
    cluster.nodes[0]!.child.kill('SIGKILL')
    times.push(await recoveryMs(cluster))
    if (kill % 10 === 0) process.stderr.write(`${kill}/${kills} kills\n`)
  }
  await sleep(4 * TICK_MS)
  const token = await metric(cluster.nodes[0]!, 'forescale_fencing_token')
  cluster.nodes[0]!.child.kill('SIGTERM')
  await sleep(3000)
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]!
  const recovery = { kills, medianMs: at(0.5), p99Ms: at(0.99), mostMs: times.at(-1), token }
  const books = await compareBooks(cluster)
  if (json) process.stdout.write(`${JSON.stringify({ recovery, books })}\n`)
  else {
    console.table([recovery])
    console.table(books)
  }
  const { lost, appliedTwice, appliedWithoutEffect, leftOpen, ticksMissing, twiceDecided } = books
  const faults = lost + appliedTwice + appliedWithoutEffect + leftOpen + ticksMissing + twiceDecided
  process.exitCode = faults + books.outOfBounds + books.overBudget === 0 ? 0 : 1
} finally {
  await cluster.close()
}
