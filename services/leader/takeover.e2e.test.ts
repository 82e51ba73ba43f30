/** Real controllers on a real PostgreSQL: one leads, the others follow, and whatever happens to the leader, one takes over. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metric, startCluster, type TestCluster } from './test-cluster.ts'

const TICK_MS = 1000
const LEADER = { durationMs: 3000, renewDeadlineMs: 2000, retryMs: 300 }
const SERVICES = ['a', 'b', 'c']

interface Tick {
  readonly tick: number
  readonly atMs: number
}

interface Readiness {
  readonly checks: readonly {
    readonly name: string
    readonly detail: string
    readonly degraded?: boolean
  }[]
}

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({
    controllers: 2,
    tickMs: TICK_MS,
    leader: LEADER,
    services: SERVICES,
  })
}, 120_000)
afterAll(() => cluster.close())

const other = (index: number) => 1 - index
const latest = (index: number) => cluster.get<Tick>(index, '/v1/ticks/latest')

async function eventually(
  what: string,
  met: () => Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const givenUpAtMs = Date.now() + limitMs
  while (Date.now() < givenUpAtMs) {
    if (await met().catch(() => false)) return
    await sleep(100)
  }
  throw new Error(`not within ${limitMs} ms: ${what}`)
}

/** Applied orders: each once, tokens never going back, each with its decision in the ledger. */
async function expectSoundBooks(): Promise<void> {
  const { applied } = cluster.target
  const tokens = applied.map(({ token }) => token!)
  expect(tokens).toEqual([...tokens].sort((a, b) => a - b))
  expect(new Set(applied.map((order) => order.decisionId)).size).toBe(applied.length)
  const rows = await cluster.postgres.query('SELECT id FROM forescale.decisions')
  const known = new Set(rows.map((row) => row.id))
  expect(applied.filter((order) => !known.has(order.decisionId))).toEqual([])
  const [gaps] = await cluster.postgres.query(
    'SELECT max(tick) - min(tick) + 1 - count(*) AS gaps FROM forescale.ticks',
  )
  expect(Number(gaps!.gaps)).toBe(0)
}

describe('two controllers', () => {
  it('have one leader; the other shows the same ticks, says whom it follows, and changes nothing', async () => {
    const leader = await cluster.untilLeader(15_000)
    const follower = other(leader)
    expect(await metric(cluster.nodes[follower]!, 'forescale_lease_is_leader')).toBe(0)
    await eventually('effects', async () => cluster.target.applied.length > 0, 30_000)
    await eventually('the same tick', async () => {
      const [one, two] = await Promise.all([latest(leader), latest(follower)])
      return one.tick > 1 && Math.abs(one.tick - two.tick) <= 1
    })
    const { checks } = await cluster.get<Readiness>(follower, '/readyz?verbose=true')
    expect(checks.find((check) => check.name === 'leader')?.detail).toContain(
      cluster.nodes[leader]!.api,
    )
    const refused = await fetch(`${cluster.nodes[follower]!.api}/v1/pause`, { method: 'POST' })
    expect([refused.status, await refused.json()]).toMatchObject([409, { code: 'conflict' }])
  })

  it('a leader that is stopped is replaced inside two ticks, and nothing it does later is accepted', async () => {
    const leader = await cluster.untilLeader(5000)
    const { child } = cluster.nodes[leader]!
    child.kill('SIGSTOP')
    const stoppedAtMs = Date.now()
    const next = await cluster.untilLeader(10_000, leader)
    const before = await latest(next)
    await eventually(
      'a tick of the new leader',
      async () => (await latest(next)).tick > before.tick,
    )
    const takeoverMs = Date.now() - stoppedAtMs
    await sleep(3000)
    const refusedBefore = cluster.target.refused()
    child.kill('SIGCONT')
    await eventually(
      'the old leader follows',
      async () => (await metric(cluster.nodes[leader]!, 'forescale_lease_is_leader')) === 0,
    )
    await sleep(3 * TICK_MS)
    await expectSoundBooks()
    process.stdout.write(
      `taken over and ticking ${takeoverMs} ms after SIGSTOP; ${cluster.target.refused() - refusedBefore} late orders refused, 0 accepted\n`,
    )
    expect(await cluster.leader()).toBe(next)
  })

  it('kill -9 of the leader: the other goes on where it was', async () => {
    const leader = await cluster.untilLeader(5000)
    const { tick } = await latest(leader)
    cluster.nodes[leader]!.child.kill('SIGKILL')
    const next = await cluster.untilLeader(10_000, leader)
    await eventually('later ticks', async () => (await latest(next)).tick > tick + 2)
    await cluster.restart(leader)
    await sleep(2 * TICK_MS)
    expect(await cluster.leader()).toBe(next)
    await expectSoundBooks()
  })

  it('a leader that is told to end lets go, so that nobody waits for its lease', async () => {
    const leader = await cluster.untilLeader(5000)
    const { child } = cluster.nodes[leader]!
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect((await exited)[0]).toBe(0)
    const [row] = await cluster.postgres.query('SELECT holder, token FROM forescale.leases')
    const mine = readFileSync(`${cluster.nodes[leader]!.folder}/state/instance`, 'utf8').trim()
    expect(row!.holder).not.toBe(mine)
    await cluster.untilLeader(15_000, leader)
    await cluster.restart(leader)
    await expectSoundBooks()
  })

  it('while PostgreSQL is away nobody acts, both say so; when it is back one leads again', async () => {
    const leader = await cluster.untilLeader(5000)
    await cluster.postgres.stopServer('immediate')
    await Promise.all(
      [0, 1].map((index) =>
        eventually('says so', async () => {
          const { checks } = await cluster.get<Readiness>(index, '/readyz')
          return checks.some((check) => check.name === 'ledger' && check.degraded === true)
        }),
      ),
    )
    expect(await metric(cluster.nodes[leader]!, 'forescale_ledger_up')).toBe(0)
    await sleep(2 * TICK_MS)
    const count = cluster.target.applied.length
    await sleep(3 * TICK_MS)
    expect(cluster.target.applied.length).toBe(count)
    await cluster.postgres.startServer()
    await cluster.untilLeader(15_000)
    await eventually('effects again', async () => cluster.target.applied.length > count, 30_000)
    await expectSoundBooks()
  })
})
