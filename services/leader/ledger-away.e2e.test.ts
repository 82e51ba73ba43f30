/** One controller under load whose PostgreSQL goes away and comes back: it goes on acting, and the books are whole afterwards. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metric, startCluster, type TestCluster } from './test-cluster.ts'

const TICK_MS = 1000
const OUTAGE_MS = 20_000
const RECOVERY_LIMIT_MS = 30_000

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({
    ...{ controllers: 1, tickMs: TICK_MS, services: ['a', 'b', 'c'] },
    leader: { election: false },
  })
}, 120_000)
afterAll(() => cluster.close())

async function until(what: string, met: () => Promise<boolean>): Promise<void> {
  const givenUpAtMs = Date.now() + RECOVERY_LIMIT_MS
  while (!(await met().catch(() => false))) {
    if (Date.now() > givenUpAtMs) throw new Error(`not in time: ${what}`)
    await sleep(100)
  }
}

it('ticks and acts while PostgreSQL is away, says so, and afterwards every effect has its decision', async () => {
  const { target, postgres, nodes } = cluster
  await until('effects', async () => target.applied.length > 0)
  await postgres.stopServer('immediate')
  const [before, effects] = [
    await metric(nodes[0]!, 'forescale_ticks_total'),
    target.applied.length,
  ]
  await sleep(OUTAGE_MS)
  const pushed = await fetch(`${nodes[0]!.api}/v1/samples`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ samples: [] }),
  })
  expect([pushed.status, await pushed.text()]).toMatchObject([200, expect.any(String)])
  const during = (await metric(nodes[0]!, 'forescale_ticks_total')) - before
  const acted = target.applied.length - effects
  expect(await metric(nodes[0]!, 'forescale_ledger_up')).toBe(0)
  expect(await metric(nodes[0]!, 'forescale_ledger_queued_writes')).toBeGreaterThan(0)
  expect(during).toBeGreaterThanOrEqual(OUTAGE_MS / TICK_MS / 2)
  expect(acted).toBeGreaterThan(0)
  await postgres.startServer()
  const backAtMs = Date.now()
  await until(
    'the ledger is up',
    async () => (await metric(nodes[0]!, 'forescale_ledger_up')) === 1,
  )
  const recoveredMs = Date.now() - backAtMs
  await sleep(2 * TICK_MS)
  const rows = await postgres.query('SELECT id, settlement FROM forescale.decisions')
  const settled = new Map(rows.map((row) => [row.id, row.settlement]))
  const applied = target.applied.slice(0, -3) // the last may be on their way into the ledger
  expect(applied.filter((order) => settled.get(order.decisionId) !== 'applied')).toEqual([])
  expect(new Set(target.applied.map((order) => order.decisionId)).size).toBe(target.applied.length)
  const [gaps] = await postgres.query(
    'SELECT max(tick) - min(tick) + 1 - count(*) AS missing FROM forescale.ticks',
  )
  expect(Number(gaps!.missing)).toBe(0)
  process.stdout.write(
    `away for ${OUTAGE_MS} ms: ${during} ticks, ${acted} effects meanwhile, all in the ledger ${recoveredMs} ms after it was back\n`,
  )
})
