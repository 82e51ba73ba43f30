/**
 * How long a take-over takes, at the ticks and lease times of a real installation: two controllers on one PostgreSQL; the
 * leader is killed, ended in order, and stopped and gone on with, again and again. Counted from that moment to the first tick
 * of the other one, in ticks of 15 s; and what the deposed one does afterwards is counted at the target.
 *
 *   npm run take-over -- --stops 20,40,60
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { LEASE_TIMES } from '../services/leader/lease.ts'
import { metric, startCluster, type TestCluster } from '../services/leader/test-cluster.ts'

const TICK_MS = 15_000
const LIMIT_MS = 10 * TICK_MS
const SERVICES = ['a', 'b', 'c']

interface Case {
  readonly what: string
  readonly signal: NodeJS.Signals
  /** Afterwards it goes on, when so long has passed. */
  readonly stoppedMs?: number
}

interface Measured {
  readonly what: string
  readonly ledAfterMs: number
  readonly tickedAfterMs: number
  readonly ticks: number
  /** Orders of the deposed leader that came to the target, and that were carried out. */
  readonly lateRefused: number
  readonly lateApplied: number
}

/** A controller that is asked on a busy machine may not answer in time. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (const givenUpAtMs = Date.now() + LIMIT_MS; ; await sleep(50)) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > givenUpAtMs) throw error
    }
  }
}

async function measured(cluster: TestCluster, one: Case): Promise<Measured> {
  const leader = await cluster.untilLeader(LIMIT_MS)
  const other = 1 - leader
  const latestOf = (index: number) =>
    patiently(() => cluster.get<{ atMs: number }>(index, '/v1/ticks/latest'))
  const latest = () => latestOf(other)
  // there is something to take over once it has ticked
  while (!((await latestOf(leader)).atMs > 0)) await sleep(50)
  const refused = cluster.target.refused()
  const { child } = cluster.nodes[leader]!
  const deposed = await patiently(() => metric(cluster.nodes[leader]!, 'forescale_fencing_token'))
  child.kill(one.signal)
  const beganAtMs = Date.now()
  while ((await metric(cluster.nodes[other]!, 'forescale_lease_is_leader').catch(() => 0)) !== 1) {
    if (Date.now() - beganAtMs > LIMIT_MS) throw new Error(`${one.what}: nobody took over`)
    await sleep(50)
  }
  const ledAfterMs = Date.now() - beganAtMs
  const since = cluster.target.applied.length
  while (!((await latest()).atMs > beganAtMs)) await sleep(50)
  const tickedAfterMs = Date.now() - beganAtMs
  if (one.stoppedMs === undefined) await patiently(() => cluster.restart(leader))
  else {
    await sleep(Math.max(0, one.stoppedMs - tickedAfterMs))
    child.kill('SIGCONT')
  }
  await sleep(2 * TICK_MS)
  return {
    ...{ what: one.what, ledAfterMs, tickedAfterMs },
    ticks: Math.round((tickedAfterMs / TICK_MS) * 100) / 100,
    lateRefused: cluster.target.refused() - refused,
    lateApplied: cluster.target.applied.slice(since).filter(({ token }) => token === deposed)
      .length,
  }
}

const { stops, json } = new Command('take-over')
  .option('--stops <seconds>', 'how long a leader is stopped, several by commas', '20,40,60')
  .option('--json', 'one JSON object instead of the table', false)
  .parse()
  .opts<{ stops: string; json: boolean }>()

const cases: readonly Case[] = [
  { what: 'kill -9', signal: 'SIGKILL' },
  { what: 'ended in order', signal: 'SIGTERM' },
  ...stops.split(',').map((seconds): Case => {
    return { what: `stopped ${seconds} s`, signal: 'SIGSTOP', stoppedMs: 1000 * Number(seconds) }
  }),
]
const cluster = await startCluster({
  ...{ controllers: 2, tickMs: TICK_MS, services: SERVICES, leader: LEASE_TIMES },
  config: { ledger: { kind: 'postgresql', urlEnv: 'LEDGER_URL' } },
})
try {
  const rows: Measured[] = []
  for (const one of cases) rows.push(await measured(cluster, one))
  if (json) process.stdout.write(`${JSON.stringify({ tickMs: TICK_MS, rows })}\n`)
  else console.table(rows)
  const isKept = rows.every(({ ticks, lateApplied }) => ticks <= 2 && lateApplied === 0)
  process.exitCode = isKept ? 0 : 1
} finally {
  await cluster.close()
}
