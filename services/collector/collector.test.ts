/** The collector against real HTTP servers: one that answers, one that hangs, one that dies. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import type { HostedService, ReplicaView } from '../shop/host-api.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type Collector, startCollector } from './collector.ts'
import { createScraper } from './scrape.ts'

const HEARTBEAT_MS = 200
const TIMEOUT_MS = 150

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
const hosting = (replicas: readonly ReplicaView[]) => {
  const search: HostedService = {
    requested: replicas.length,
    lastDecisionId: null,
    recentStartupsMs: [1500],
    replicas: [...replicas],
  }
  return serve(text(() => JSON.stringify({ services: { search } })))
}
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
      timeoutMs: TIMEOUT_MS,
    })
    const begunMs = performance.now()
    const { scrape, failures } = await scraper.scrape(42)
    expect(performance.now() - begunMs).toBeLessThan(10 * TIMEOUT_MS)
    expect(scrape.atMs).toBe(42)
    expect(scrape.gateway).toHaveLength(1)
    expect(scrape.hosted!.search!.replicas).toHaveLength(6)
    expect([...scrape.replicas.keys()]).toEqual(['healthy'])
    expect(failures.map((failure) => failure.split(':')[0]).sort()).toEqual(
      ['dead', 'dying', 'failing', 'hanging', 'lost'].map((id) => `replica ${id}`),
    )
  })

  it('without host and gateway is empty, and no error', async () => {
    const nobody = await serve(hangs)
    await nobody.stop()
    const host = await serve(text(() => '{"services": {"search": {"surprise": 1}}}'))
    const scraper = createScraper({
      hostUrl: host.url,
      gatewayUrl: nobody.url,
      timeoutMs: TIMEOUT_MS,
    })
    const { scrape, failures } = await scraper.scrape(1)
    expect([scrape.gateway, scrape.hosted, scrape.replicas.size]).toEqual([undefined, undefined, 0])
    expect(failures.map((failure) => failure.split(':')[0]).sort()).toEqual(['gateway', 'host'])
  })
})

describe('the collector', () => {
  const errors: unknown[] = []
  function start(hostUrl: string, gatewayUrl: string): Collector {
    errors.length = 0
    collector = startCollector({
      scraper: createScraper({ hostUrl, gatewayUrl, timeoutMs: TIMEOUT_MS }),
      store,
      services: ['search'],
      heartbeatMs: HEARTBEAT_MS,
      nowMs: Date.now,
      onError: (error) => errors.push(error),
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
    const { state } = start(host.url, gateway.url)
    await until(
      async () => state().beats >= 4 && (await latest('requests_per_second')) !== undefined,
    )
    const load = await latest('requests_per_second')
    expect(load!.atMs % HEARTBEAT_MS).toBe(0)
    expect(load!.value).toBeGreaterThan(0)
    expect((await latest('ready_replicas'))!.value).toBe(2)
    expect((await latest('queue_length'))!.value).toBe(2)
    expect((await latest('startup_seconds'))!.value).toBe(1.5)
    expect(state()).toMatchObject({
      replicas: 1,
      lastFailure: expect.stringMatching(/^replica hanging: /),
    })
    expect(errors).toEqual([])
  })

  it('leaves a gap when the gateway dies, never a zero, and goes on with the rest', async () => {
    const gateway = await countingGateway()
    const host = await hosting([])
    const { state } = start(host.url, gateway.url)
    await until(async () => (await latest('requests_per_second')) !== undefined)
    await gateway.stop()
    await until(() => state().failures > 0)
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
