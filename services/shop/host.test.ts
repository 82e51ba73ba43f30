import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHost, type Host } from './host.ts'
import { openJournal } from './journal.ts'
import type { ReplicaEvents, StartReplica } from './replica-process.ts'
import { createWatchers, type Watchers } from './watchers.ts'

const SETTINGS = {
  service: 'search',
  seed: 1,
  meanServiceMs: 10,
  serviceTimeCv: 0,
  concurrency: 1,
  queueLimit: 1,
  startupMs: 0,
}

/** Replicas that do what the test says, in place of processes. */
function createStage() {
  const replicas: { pid: number; events: ReplicaEvents; draining: boolean; gone: boolean }[] = []
  const start: StartReplica = (_settings, events) => {
    const replica = { pid: 1000 + replicas.length, events, draining: false, gone: false }
    replicas.push(replica)
    const end = () => {
      if (replica.gone) return
      replica.gone = true
      events.exited()
    }
    return {
      pid: replica.pid,
      drain() {
        replica.draining = true
      },
      kill: () => queueMicrotask(end),
    }
  }
  const live = () => replicas.filter((r) => !r.gone)
  return {
    start,
    replicas,
    live,
    allReady() {
      for (const { events, pid } of live()) {
        events.listening(pid)
        events.ready()
      }
    },
    die(index: number) {
      replicas[index]!.gone = true
      replicas[index]!.events.exited()
    },
  }
}

let dir: string
let now: number
let stage: ReturnType<typeof createStage>
let watchers: Watchers
let host: Host | undefined

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'forescale-host-'))
  now = 1_000_000
  stage = createStage()
  watchers = createWatchers()
})
afterEach(async () => {
  for (const replica of stage.live()) replica.events.exited()
  await host?.stop(0)
  host = undefined
  rmSync(dir, { recursive: true, force: true })
})

const file = () => path.join(dir, 'applied.jsonl')
const rows = () => readFileSync(file(), 'utf8').trim().split('\n').filter(Boolean)
async function open(initialReplicas = 1): Promise<Host> {
  host = createHost({
    services: [{ settings: SETTINGS, initialReplicas }],
    drainTimeoutMs: 5000,
    journal: await openJournal(file()),
    start: stage.start,
    watchers,
    nowMs: () => now,
  })
  return host
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 120))
const view = (h: Host) => h.service('search')!
const states = (h: Host) => view(h).replicas.map((r) => r.state)

describe('a fence', () => {
  const order = (id: string, token: number, ledger = 'one') => ({
    replicas: 2,
    decisionId: id,
    from: 1,
    fence: { ledger, token },
  })

  it('refuses what a deposed leader orders, and nothing of it is on disk', async () => {
    const h = await open(1)
    await h.order('search', order('d1', 3))
    await expect(h.order('search', order('d2', 2))).rejects.toMatchObject({ status: 409 })
    await h.order('search', order('d3', 4))
    expect(rows().map((row) => JSON.parse(row).fence.token)).toEqual([3, 4])
  })

  it('stands as soon as a leader has made itself known, and after a restart of the host', async () => {
    const h = await open(1)
    h.announce({ ledger: 'one', token: 7 })
    expect(() => h.announce({ ledger: 'one', token: 6 })).toThrow(/allowed: 7 or greater/)
    await expect(h.order('search', order('d1', 6))).rejects.toMatchObject({ status: 409 })
    await h.order('search', order('d2', 7))
    await h.stop(0)
    const again = await open(1)
    await expect(again.order('search', order('d3', 6))).rejects.toMatchObject({ status: 409 })
  })

  it('of one ledger has nothing to do with another, and an order without one passes', async () => {
    const h = await open(1)
    await h.order('search', order('d1', 9))
    await h.order('search', order('d2', 1, 'two'))
    await h.order('search', { replicas: 3, decisionId: 'd3', from: 2 })
    expect(rows()).toHaveLength(3)
  })
})

describe('orders', () => {
  it('are absolute, and on disk before they have an effect', async () => {
    const h = await open(1)
    await h.order('search', { replicas: 3, decisionId: 'd1', from: 1 })
    expect(JSON.parse(rows()[0]!)).toEqual({
      decisionId: 'd1',
      service: 'search',
      from: 1,
      to: 3,
      atMs: now,
    })
    expect(view(h)).toMatchObject({ requested: 3, lastDecisionId: 'd1' })
    expect(stage.live()).toHaveLength(3)
  })

  it('change nothing when their id was seen before, even at the same moment', async () => {
    const h = await open(1)
    const order = { replicas: 3, decisionId: 'd1', from: 1 }
    await Promise.all([h.order('search', order), h.order('search', order)])
    await h.order('search', { replicas: 2, decisionId: 'd2', from: 3 })
    await h.order('search', order)
    expect(rows()).toHaveLength(2)
    expect(view(h)).toMatchObject({ requested: 2, lastDecisionId: 'd2' })
  })

  it('survive a crash of the host', async () => {
    await (await open(1)).order('search', { replicas: 4, decisionId: 'd1', from: 1 })
    await host!.stop(0)
    stage = createStage()
    const again = await open(1)
    expect(view(again)).toMatchObject({ requested: 4, lastDecisionId: 'd1' })
    expect(stage.live()).toHaveLength(4)
    await again.order('search', { replicas: 1, decisionId: 'd1', from: 4 })
    expect(view(again).requested).toBe(4)
  })

  it('are readable after a crash tore the last line', async () => {
    await (await open(1)).order('search', { replicas: 2, decisionId: 'd1', from: 1 })
    await host!.stop(0)
    appendFileSync(file(), '{"decisionId":"d2","serv')
    stage = createStage()
    const again = await open(1)
    await again.order('search', { replicas: 3, decisionId: 'd3', from: 2 })
    expect(rows().map((row) => JSON.parse(row).decisionId)).toEqual(['d1', 'd3'])
  })
})

describe('reconciling', () => {
  it('replaces a replica that died', async () => {
    const h = await open(2)
    stage.allReady()
    stage.die(0)
    expect(stage.live()).toHaveLength(2)
    expect(states(h)).toEqual(['ready', 'starting'])
    expect(h.counters().restarts).toBe(1)
  })

  it('waits longer and longer before it replaces one that dies while starting', async () => {
    await open(1)
    stage.die(0)
    expect(stage.live()).toHaveLength(0)
    now += 200
    await turn()
    expect(stage.live()).toHaveLength(1)
    stage.die(1)
    now += 200
    await turn()
    expect(stage.live()).toHaveLength(0)
    now += 200
    await turn()
    expect(stage.live()).toHaveLength(1)
  })

  it('gives up starting replicas first, at once, then the youngest ready ones', async () => {
    const h = await open(2)
    stage.allReady()
    await h.order('search', { replicas: 3, decisionId: 'd1', from: 2 })
    await h.order('search', { replicas: 1, decisionId: 'd2', from: 3 })
    await turn()
    expect(view(h).replicas.map((r) => [r.pid, r.state])).toEqual([
      [1000, 'ready'],
      [1001, 'terminating'],
    ])
  })

  it('drains a replica only when the watchers know, and kills it after the drain timeout', async () => {
    const h = await open(2)
    stage.allReady()
    watchers.polled('gateway', now)
    now += 10
    await h.order('search', { replicas: 1, decisionId: 'd1', from: 2 })
    now += 500
    await turn()
    expect(stage.replicas[1]!.draining).toBe(false)
    watchers.polled('gateway', now)
    now += 100
    await turn()
    expect(stage.replicas[1]!.draining).toBe(true)
    now += 5001
    await turn()
    expect(states(h)).toEqual(['ready'])
    expect(h.counters().killedWhileDraining).toBe(1)
  })

  it('measures start-ups', async () => {
    const h = await open(1)
    now += 1234
    stage.allReady()
    expect(view(h).recentStartupsMs).toEqual([1234])
  })
})
