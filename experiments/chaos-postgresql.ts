/**
 * kill -9 of a controller at random points of its ticks, over and over, with PostgreSQL as its ledger and InfluxDB as its
 * store (where influxd is there, services/stores/install-influxdb.sh; else the embedded one); then the books are compared:
 * every effect at the target has exactly one decision, none happened twice, no tick is missing, nothing is left open, no
 * count ever left its bounds or the budget, and no sample is lost that was acknowledged. Several clusters run side by side.
 *
 *   node experiments/chaos-postgresql.ts --kills 1000 --clusters 2
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { seededRandom } from '../datasets/random.ts'
import { AppConfig } from '../services/config.ts'
import { metric, startCluster, type TestCluster } from '../services/leader/test-cluster.ts'
import { setUpStore } from '../services/stores/registry.ts'
import { hasInfluxd, type InfluxServer, startInflux } from '../services/stores/test-servers.ts'

const TICK_MS = 500
const SERVICES = ['a', 'b', 'c', 'd']
const MIN = 1
const MAX = 9
const PRICE = 0.1
const BUDGET = SERVICES.length
const READY_LIMIT_MS = 60_000
/** Of what was acknowledged, into InfluxDB. */
const WRITTEN_LIMIT_MS = 20_000
const TOKEN = 'FORESCALE_CHAOS_INFLUX_TOKEN'

interface Recovery {
  /** Until it says that it is ready, and until it has taken a new tick besides, ms since the kill. */
  readonly readyMs: number
  readonly tickedMs: number
}

async function recovery(cluster: TestCluster): Promise<Recovery> {
  const killedAtMs = Date.now()
  // as `up` would: one that does not start is started again
  await cluster.restart(0).catch(() => cluster.restart(0))
  let readyMs = Number.NaN
  while (Date.now() - killedAtMs < READY_LIMIT_MS) {
    const [{ status }, { atMs }] = await Promise.all([
      cluster.get<{ status: string }>(0, '/readyz'),
      cluster.get<{ atMs: number }>(0, '/v1/ticks/latest'),
    ]).catch(() => [{ status: '' }, { atMs: 0 }] as const)
    if (status === 'ready' && Number.isNaN(readyMs)) readyMs = Date.now() - killedAtMs
    if (status === 'ready' && atMs > killedAtMs) break
    await sleep(20)
  }
  return { readyMs, tickedMs: Date.now() - killedAtMs }
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
    ordersRepeated: target.repeated(),
    lost: ids.filter((id) => !settlements.has(id)).length,
    appliedTwice: ids.length - effects.size,
    appliedWithoutEffect: [...settlements].filter(([id, s]) => s === 'applied' && !effects.has(id))
      .length,
    leftOpen: [...settlements.values()].filter((s) => s === 'pending').length,
    ticksMissing: Number(ticks!.missing),
    twiceDecided: rows.length - new Set(rows.map((row) => `${row.tick} ${row.service}`)).size,
    outOfBounds: target.applied.filter(({ to }) => to < MIN || to > MAX).length,
    overBudget: overBudget.length + Number(over!.n),
  }
}
type Books = Awaited<ReturnType<typeof compareBooks>>

/** Counts of what happened; all others are faults. */
const COUNTS: readonly (keyof Books)[] = ['ticks', 'decisions', 'effects', 'ordersRepeated']

interface SampleBooks {
  readonly samplesAcknowledged: number
  readonly samplesLost: number
}

async function compareSamples(
  { acknowledged }: TestCluster,
  influx: InfluxServer,
  bucket: string,
): Promise<SampleBooks> {
  const known = [...acknowledged]
  const samplesAcknowledged = known.reduce((sum, [, n]) => sum + n, 0)
  const givenUpAtMs = Date.now() + WRITTEN_LIMIT_MS
  for (;;) {
    const stored = await countsIn(influx, bucket)
    const samplesLost = known.reduce(
      (sum, [service, n]) => sum + Math.max(0, n - (stored.get(service) ?? 0)),
      0,
    )
    if (samplesLost === 0 || Date.now() > givenUpAtMs) return { samplesAcknowledged, samplesLost }
    await sleep(500)
  }
}

async function countsIn(influx: InfluxServer, bucket: string): Promise<Map<string, number>> {
  const query = `from(bucket: "${bucket}") |> range(start: 0) |> filter(fn: (r) => r._measurement == "requests_per_second") |> group(columns: ["service"]) |> count()`
  const response = await fetch(`${influx.url}/api/v2/query?org=${influx.org}`, {
    method: 'POST',
    headers: { authorization: `Token ${influx.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, dialect: { annotations: [], header: true } }),
  })
  const [head = '', ...lines] = (await response.text()).trim().split(/\r?\n/)
  const columns = head.split(',')
  return new Map(
    lines.map((line) => {
      const cells = line.split(',')
      return [cells[columns.indexOf('service')]!, Number(cells[columns.indexOf('_value')])]
    }),
  )
}

interface Run {
  readonly recoveries: readonly Recovery[]
  readonly books: Books
  readonly samples: SampleBooks | undefined
}

async function killed(
  index: number,
  kills: number,
  seed: number,
  influx: InfluxServer | undefined,
  onKill: () => void,
): Promise<Run> {
  const bucket = `chaos_${index}`
  const store = influx && {
    ...{ kind: 'influxdb', url: influx.url, org: influx.org, bucket, tokenEnv: TOKEN },
    // what is killed is the controller; on a busy machine the server may take its time
    ...{ flushMs: 100, timeoutMs: 30_000 },
  }
  if (store) await setUpStore(AppConfig.parse({ store, services: { a: {} } }))
  const cluster = await startCluster({
    ...{ controllers: 1, tickMs: TICK_MS, services: SERVICES },
    leader: { election: false },
    config: {
      ...(store ? { store } : {}),
      ledger: { kind: 'postgresql', urlEnv: 'LEDGER_URL', statementTimeoutMs: 20_000 },
    },
  })
  try {
    const random = seededRandom('chaos-postgresql', seed + index)
    const recoveries: Recovery[] = []
    await cluster.untilLeader(READY_LIMIT_MS)
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(random() * 2 * TICK_MS)
      cluster.nodes[0]!.child.kill('SIGKILL')
      recoveries.push(await recovery(cluster))
      onKill()
    }
    await sleep(4 * TICK_MS)
    const token = await metric(cluster.nodes[0]!, 'forescale_fencing_token')
    if (token <= kills) throw new Error(`${kills} kills, and the fencing token is ${token}`)
    cluster.nodes[0]!.child.kill('SIGTERM')
    await sleep(3000)
    const books = await compareBooks(cluster)
    const samples = influx && (await compareSamples(cluster, influx, bucket))
    return { recoveries, books, samples }
  } finally {
    await cluster.close()
  }
}

const { kills, clusters, seed, json } = new Command('chaos-postgresql')
  .option('--kills <n>', 'kills', Number, 200)
  .option('--clusters <n>', 'side by side', Number, 1)
  .option('--seed <n>', 'seed of the moments', Number, 1)
  .option('--json', 'one JSON object instead of the tables', false)
  .parse()
  .opts<{ kills: number; clusters: number; seed: number; json: boolean }>()

const influx = hasInfluxd ? await startInflux() : undefined
if (influx) process.env[TOKEN] = influx.token
try {
  let done = 0
  const onKill = () => {
    if (++done % 10 === 0) process.stderr.write(`${done}/${kills} kills\n`)
  }
  const share = (index: number) => Math.floor((kills + index) / clusters)
  // one that fails ends what the others began as well
  const ended = await Promise.allSettled(
    Array.from({ length: clusters }, (_, index) =>
      killed(index, share(index), seed, influx, onKill),
    ),
  )
  const runs = ended.map((run) => {
    if (run.status === 'rejected') throw run.reason
    return run.value
  })
  const store = influx ? 'InfluxDB' : 'embedded'
  const recoveries = { kills, clusters, store, ...timesOf(runs.flatMap((run) => run.recoveries)) }
  const books = sumOf(runs.map((run) => run.books))
  const samples = sumOf(runs.flatMap((run) => (run.samples ? [run.samples] : [])))
  if (json) process.stdout.write(`${JSON.stringify({ recoveries, books, samples })}\n`)
  else {
    console.table([recoveries])
    console.table({ ...books, ...samples })
  }
  const faults = Object.entries(books).filter(([name]) => !COUNTS.some((count) => count === name))
  const lost = samples.samplesLost ?? 0
  process.exitCode = faults.reduce((sum, [, n]) => sum + n, lost) === 0 ? 0 : 1
} finally {
  await influx?.remove()
}

function timesOf(recoveries: readonly Recovery[]) {
  const at = (of: keyof Recovery, share: number) => {
    const times = recoveries.map((one) => one[of]).sort((a, b) => a - b)
    return times[Math.min(times.length - 1, Math.floor(share * times.length))]!
  }
  return {
    readyMedianMs: at('readyMs', 0.5),
    readyMostMs: at('readyMs', 1),
    tickedMedianMs: at('tickedMs', 0.5),
    tickedMostMs: at('tickedMs', 1),
  }
}

function sumOf(rows: readonly object[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const row of rows)
    for (const [name, value] of Object.entries(row)) sum[name] = (sum[name] ?? 0) + Number(value)
  return sum
}
