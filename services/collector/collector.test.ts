/** The collector against real HTTP servers: one that answers, one that hangs, one that dies. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { HostedService, ReplicaView } from '../shop/host-api.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type Collector, startCollector } from './collector.ts'
import { createScraper } from './scrape.ts'

const HEARTBEAT_MS = 300
/** Where somebody hangs at every beat. */
const HANGING_LIMIT_MS = 200
/** Where one answer must come and another must not: long enough for a machine that does much else. */
const SCRAPE_LIMIT_MS = 1000

const servers: Server[] = []
async function serve(listener: RequestListener): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => stopServer(server),
  }
}
function stopServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
const text = (page: () => string): RequestListener => {
  return (_request, response) => response.end(page())
}
const hangs: RequestListener = () => {}
const replica = (id: string, url: string): ReplicaView => ({
  id,
  url,
  pid: 1,
  state: 'ready',
  startedAtMs: 0,
  readyAtMs: 0,
})
const serviceOf = (replicas: readonly ReplicaView[]): HostedService => ({
  requested: replicas.length,
  lastDecisionId: null,
  recentStartupsMs: [1500],
  replicas: [...replicas],
})
const hostedOf = (urls: readonly string[]) =>
  serviceOf(urls.map((url, i) => replica(String(i), url)))
const hosting = (replicas: readonly ReplicaView[]) =>
  serve(text(() => JSON.stringify({ services: { search: serviceOf(replicas) } })))
/** Ten requests more at every scrape. */
function countingGateway() {
  let requests = 0
  return serve(
    text(() => {
      requests += 10
      return `gateway_requests_total{service="search",code="200"} ${requests}`
    }),
  )
}
const replicaPage = () => 'process_cpu_seconds_total 1\nshop_queue_length 2\n'

let folder: string
let store: SampleStore
let collector: Collector | undefined
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-collector-'))
  store = await openStore(AppConfig.parse({ services: { search: {} } }), folder)
})
afterEach(async () => {
  await collector?.stop()
  collector = undefined
  await Promise.all(servers.splice(0).map(stopServer))
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a scrape', () => {
  it('has what answered, and names who did not: refused, hanging, dying, no metrics', async () => {
    const healthy = await serve(text(replicaPage))
    const dead = await serve(hangs)
    await dead.stop()
    const hanging = await serve(hangs)
    const dying = await serve((request, response) => {
      response.write('process_cpu_seconds_total')
      request.socket.destroy()
    })
    const lost = await serve(text(() => '<html>not mine</html>'))
    const failing = await serve((_request, response) => response.writeHead(500).end('1'))
    const all = { healthy, dead, hanging, dying, lost, failing }
    const host = await hosting(Object.entries(all).map(([id, { url }]) => replica(id, url)))
    const gateway = await serve(text(() => 'gateway_requests_total{service="search",code="200"} 1'))
    const scraper = createScraper({
      hostUrl: host.url,
      gatewayUrl: gateway.url,
      timeoutMs: SCRAPE_LIMIT_MS,
    })
    const { scrape, silences } = await scraper.scrape(42)
    expect(scrape.atMs).toBe(42)
    expect(scrape.gateway).toHaveLength(1)
    expect(scrape.hosted!.search!.replicas).toHaveLength(6)
    expect([...scrape.replicas.keys()]).toEqual(['healthy'])
    expect(silences.map(({ source }) => source).sort()).toEqual(
      ['dead', 'dying', 'failing', 'hanging', 'lost'].map((id) => `replica ${id}`),
    )
  })

  it('takes no longer than its limit, also when host and replicas hang one after the other', async () => {
    const replicas = await Promise.all([serve(hangs), serve(hangs)])
    const answer = JSON.stringify({
      services: { search: hostedOf(replicas.map(({ url }) => url)) },
    })
    const slow = await serve((_request, response) => {
      setTimeout(() => response.end(answer), 0.6 * SCRAPE_LIMIT_MS)
    })
    const gateway = await serve(hangs)
    const scraper = createScraper({
      hostUrl: slow.url,
      gatewayUrl: gateway.url,
      timeoutMs: SCRAPE_LIMIT_MS,
    })
    const begunMs = performance.now()
    const { scrape, silences } = await scraper.scrape(1)
    expect(performance.now() - begunMs).toBeLessThan(1.5 * SCRAPE_LIMIT_MS)
    expect(scrape.hosted!.search!.replicas).toHaveLength(2)
    expect(silences.map(({ source }) => source).sort()).toEqual([
      'gateway',
      'replica 0',
      'replica 1',
    ])
    expect(silences[0]!.reason).toMatch(/timeout/)
  })

  it('without host and gateway is empty, and no error', async () => {
    const nobody = await serve(hangs)
    await nobody.stop()
    const host = await serve(text(() => '{"services": {"search": {"surprise": 1}}}'))
    const scraper = createScraper({
      hostUrl: host.url,
      gatewayUrl: nobody.url,
      timeoutMs: SCRAPE_LIMIT_MS,
    })
    const { scrape, silences } = await scraper.scrape(1)
    expect([scrape.gateway, scrape.hosted, scrape.replicas.size]).toEqual([undefined, undefined, 0])
    expect(silences.map(({ source }) => source).sort()).toEqual(['gateway', 'host'])
  })
})

describe('the collector', () => {
  const errors: unknown[] = []
  const told: string[] = []
  function start(hostUrl: string, gatewayUrl: string, timeoutMs = SCRAPE_LIMIT_MS): Collector {
    errors.length = 0
    told.length = 0
    collector = startCollector({
      scraper: createScraper({ hostUrl, gatewayUrl, timeoutMs }),
      store,
      services: ['search'],
      heartbeatMs: HEARTBEAT_MS,
      clock: systemClock,
      onError: (error) => errors.push(error),
      onSilence: ({ source }) => told.push(`${source} is silent`),
      onAnswer: (source) => told.push(`${source} answers`),
    })
    return collector
  }
  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let i = 0; i < 500; i++) {
      if (await condition()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`it never came to be: ${String(condition)}`)
  }
  const latest = async (metric: string) =>
    (await store.latest(metric, Date.now() + HEARTBEAT_MS)).get('search')

  it('writes on the grid what was measured, while one replica hangs', async () => {
    const gateway = await countingGateway()
    const healthy = await serve(text(replicaPage))
    const hanging = await serve(hangs)
    const host = await hosting([replica('healthy', healthy.url), replica('hanging', hanging.url)])
    const { state } = start(host.url, gateway.url, HANGING_LIMIT_MS)
    await until(
      async () =>
        state().beats >= 4 &&
        (await latest('requests_per_second')) !== undefined &&
        (await latest('queue_length')) !== undefined,
    )
    const load = await latest('requests_per_second')
    expect(load!.atMs % HEARTBEAT_MS).toBe(0)
    expect(load!.value).toBeGreaterThan(0)
    expect((await latest('ready_replicas'))!.value).toBe(2)
    expect((await latest('queue_length'))!.value).toBe(2)
    expect((await latest('startup_seconds'))!.value).toBe(1.5)
    expect(state().silent).toContain('replica hanging')
    expect(told.filter((line) => line.includes('hanging'))).toEqual(['replica hanging is silent'])
    expect(errors).toEqual([])
  })

  it('leaves a gap when the gateway dies, never a zero, and goes on with the rest', async () => {
    const gateway = await countingGateway()
    const host = await hosting([])
    const { state } = start(host.url, gateway.url)
    await until(async () => (await latest('requests_per_second')) !== undefined)
    await gateway.stop()
    await until(() => state().unanswered > 0)
    const last = (await latest('requests_per_second'))!
    const beats = state().beats
    await until(() => state().beats >= beats + 3)
    expect(await latest('requests_per_second')).toEqual(last)
    expect((await latest('ready_replicas'))!.atMs).toBeGreaterThan(last.atMs)
    const load = await store.grid({
      metric: 'requests_per_second',
      services: ['search'],
      fromMs: last.atMs + 1,
      toMs: last.atMs + 1 + 3 * HEARTBEAT_MS,
      stepMs: HEARTBEAT_MS,
    })
    expect([...load]).toEqual([Number.NaN, Number.NaN, Number.NaN])
  })

  it('tells once who falls silent, once that it answers again, and nothing of who is gone', async () => {
    let answers = true
    const moody = await serve((_request, response) => {
      response.writeHead(answers ? 200 : 503).end(answers ? replicaPage() : '')
    })
    let replicas = [replica('moody', moody.url)]
    const host = await serve(
      text(() => JSON.stringify({ services: { search: serviceOf(replicas) } })),
    )
    const gateway = await countingGateway()
    const { state } = start(host.url, gateway.url)
    const beats = async (more: number) => {
      const target = state().beats + more
      await until(() => state().beats >= target)
    }
    await until(() => state().replicas === 1)
    answers = false
    await until(() => told.length === 1)
    await beats(2)
    answers = true
    await until(() => told.length === 2)
    answers = false
    await until(() => told.length === 3)
    replicas = []
    await beats(3)
    expect(told).toEqual([
      'replica moody is silent',
      'replica moody answers',
      'replica moody is silent',
    ])
    expect(state().silent).toEqual([])
  })

  it('never beats twice at once: what takes too long skips beats, and they are counted', async () => {
    let asking = 0
    let most = 0
    const startedMs = Date.now()
    collector = startCollector({
      scraper: {
        async scrape(atMs) {
          most = Math.max(most, ++asking)
          await new Promise((resolve) => setTimeout(resolve, 2.5 * HEARTBEAT_MS))
          asking--
          const nobody = { gateway: undefined, hosted: undefined, replicas: new Map() }
          return { scrape: { atMs, ...nobody }, silences: [] }
        },
      },
      store,
      services: ['search'],
      heartbeatMs: HEARTBEAT_MS,
      clock: systemClock,
      onError: (error) => errors.push(error),
      onSilence: () => {},
      onAnswer: () => {},
    })
    const { state } = collector
    await until(() => state().beats >= 2)
    const { beats, skipped } = state()
    expect(most).toBe(1)
    expect(skipped).toBeGreaterThanOrEqual(beats * 2)
    expect(beats + skipped).toBeLessThanOrEqual((Date.now() - startedMs) / HEARTBEAT_MS + 2)
  })

  it('tells of a store that fails, and tries again at the next beat', async () => {
    const gateway = await serve(text(() => ''))
    const host = await hosting([])
    await store.close()
    const { state } = start(host.url, gateway.url)
    await until(() => errors.length >= 2)
    expect(state().beats).toBe(0)
    await collector!.stop()
    store = await openStore(AppConfig.parse({ services: { search: {} } }), folder)
  })
})
