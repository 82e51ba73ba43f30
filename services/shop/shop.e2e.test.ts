/** The shop for real: processes, ports, load. One demo without collector and controller, ordered about by the test. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServiceReport } from '../load/results.ts'
import { startTestDemo, type TestDemo, until } from '../up/test-demo.ts'

const MEAN_MS = 100
const CONCURRENCY = 2
const QUEUE_LIMIT = 6

const CONFIG = {
  version: 1,
  mode: 'enforce',
  actuator: { kind: 'processes' },
  services: { search: { minReplicas: 3, maxReplicas: 6 }, auth: { minReplicas: 1 } },
  shop: {
    dayMs: 60_000,
    workload: 'steady',
    drainTimeoutMs: 4000,
    services: {
      // 0.6 × 75 = 45 requests/s on 3 replicas of 40 requests/s each: two of them carry it
      search: {
        meanServiceMs: 50,
        serviceTimeCv: 0.3,
        concurrency: 2,
        startupMs: 300,
        peakRps: 75,
      },
      auth: {
        meanServiceMs: MEAN_MS,
        serviceTimeCv: 0,
        concurrency: CONCURRENCY,
        queueLimit: QUEUE_LIMIT,
        startupMs: 300,
        peakRps: 0.01,
      },
    },
  },
}

let demo: TestDemo
beforeAll(async () => {
  demo = await startTestDemo({ config: CONFIG })
})
afterAll(async () => {
  demo.child.kill('SIGTERM')
  await demo.exit
  await demo.cleanUp()
})

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const replicasOf = async (service: string) => (await demo.services())[service]!.replicas
const readyCount = async (service: string) =>
  (await replicasOf(service)).filter((r) => r.state === 'ready').length
async function settled(service: string, count: number): Promise<void> {
  await until(
    async () =>
      (await readyCount(service)) === count && (await replicasOf(service)).length === count,
  )
}
async function report(sinceMs: number): Promise<ServiceReport> {
  const answer = await fetch(`${demo.urls.load}/report?sinceMs=${sinceMs}`)
  return ((await answer.json()) as Record<string, ServiceReport>).search!
}
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${demo.urls.gateway}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(name))
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

describe('a replica', () => {
  it('saturates: serves what it can at once, queues what it may, and refuses the rest', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const startMs = performance.now()
        const response = await fetch(`${demo.urls.gateway}/auth/work`)
        await response.text()
        return { code: response.status, ms: performance.now() - startMs }
      }),
    )
    const served = answers
      .filter((a) => a.code === 200)
      .map((a) => a.ms)
      .sort((a, b) => a - b)
    expect(served).toHaveLength(CONCURRENCY + QUEUE_LIMIT)
    expect(answers.filter((a) => a.code === 503)).toHaveLength(12 - CONCURRENCY - QUEUE_LIMIT)
    // the last of the queue waits for three rounds and is served in the fourth
    expect(served[0]).toBeGreaterThan(MEAN_MS - 5)
    expect(served.at(-1)).toBeGreaterThan(4 * MEAN_MS - 20)
    expect(served.at(-1)).toBeLessThan(4 * MEAN_MS + 300)
  })

  it('says how it is', async () => {
    const { url } = (await replicasOf('auth'))[0]!
    const json = async (page: string) => (await fetch(url + page)).json()
    expect(await json('/health')).toEqual({ status: 'ready', service: 'auth' })
    expect(await json('/queue-length')).toMatchObject({
      queueLength: 0,
      inFlight: 0,
      queueLimit: QUEUE_LIMIT,
    })
    expect(await json('/latency')).toMatchObject({ p95: expect.any(Number) })
    expect(await json('/rps')).toMatchObject({ requestsPerSecond: expect.any(Number) })
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /shop_requests_total\{code="503"\} 4/,
    )
  })
})

describe('under load', () => {
  it('drops no request when replicas are added and taken away', async () => {
    const sinceMs = Date.now() + 1000
    for (const [i, count] of [5, 2, 4, 2, 5, 2, 4, 3].entries()) {
      await demo.order('search', count, `scale-${i}`)
      await settled('search', count)
    }
    await sleep(1500)
    const { requests, failures } = await report(sinceMs)
    expect(requests).toBeGreaterThan(100)
    expect(failures).toBe(0)
    const counters = await (await fetch(`${demo.urls.host}/counters`)).json()
    expect(counters).toMatchObject({ refusedWhileDraining: 0, killedWhileDraining: 0 })
  })

  it('retries elsewhere what a killed replica left unanswered, and replaces the replica', async () => {
    const sinceMs = Date.now()
    for (let kills = 0; kills < 2; kills++) {
      const [victim] = await replicasOf('search')
      process.kill(victim!.pid, 'SIGKILL')
      await until(async () => (await replicasOf('search')).every((r) => r.pid !== victim!.pid))
      await settled('search', 3)
    }
    await sleep(1200)
    expect((await report(sinceMs)).failures).toBe(0)
    expect(await metric('gateway_retries_total')).toBeGreaterThan(0)
  })

  it('answers 503 with the reason when no replica is live, and recovers', async () => {
    await demo.order('auth', 0, 'none')
    await settled('auth', 0)
    await until(async () => (await fetch(`${demo.urls.gateway}/auth/work`)).status === 503)
    const answer = await fetch(`${demo.urls.gateway}/auth/work`)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({
      status: 503,
      detail: 'no replica of service "auth" is ready',
    })
    await demo.order('auth', 1, 'one')
    await until(async () => (await fetch(`${demo.urls.gateway}/auth/work`)).status === 200)
  })

  it('ejects a replica that hangs, and takes it back when it is well', async () => {
    const [hung] = await replicasOf('search')
    process.kill(hung!.pid, 'SIGSTOP')
    try {
      await until(async () => (await metric('gateway_ejections_total')) > 0)
      await until(async () => (await metric('gateway_live_replicas{service="search"}')) === 2)
    } finally {
      process.kill(hung!.pid, 'SIGCONT')
    }
    await until(async () => (await metric('gateway_live_replicas{service="search"}')) === 3)
  })

  it('multiplies the load while a spike lasts', async () => {
    const offered = async () => {
      const status = await (await fetch(`${demo.urls.load}/status`)).json()
      return (status as { services: { search: { offeredRps: number } } }).services.search.offeredRps
    }
    const usual = await offered()
    const started = await fetch(`${demo.urls.load}/spikes`, {
      method: 'POST',
      body: JSON.stringify({ service: 'search', factor: 2, durationMs: 60_000 }),
    })
    expect(started.status).toBe(201)
    const { id } = (await started.json()) as { id: string }
    expect(await offered()).toBeGreaterThan(1.8 * usual)
    await sleep(2200)
    const { requests } = await report(Date.now() - 2000)
    expect(requests).toBeGreaterThan(1.3 * usual)
    expect((await fetch(`${demo.urls.load}/spikes/${id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await offered()).toBeLessThan(1.2 * usual)
    const bad = await fetch(`${demo.urls.load}/spikes`, {
      method: 'POST',
      body: '{"service":"nobody"}',
    })
    expect(bad.status).toBe(400)
    expect(await bad.json()).toMatchObject({ detail: expect.stringContaining('factor') })
  })
})

describe('the host', () => {
  it('comes back after a crash with the counts that were requested, and its replicas went with it', async () => {
    await demo.order('search', 4, 'before-crash')
    await settled('search', 4)
    const before = (await replicasOf('search')).map((r) => r.pid)
    process.kill(demo.pidOf('host'), 'SIGKILL')
    await until(async () =>
      demo.services().then(
        (s) => s.search!.lastDecisionId === 'before-crash',
        () => false,
      ),
    )
    await settled('search', 4)
    const after = (await replicasOf('search')).map((r) => r.pid)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(demo.survivors().filter((pid) => before.includes(pid))).toEqual([])
    await demo.order('search', 2, 'before-crash')
    expect((await demo.services()).search!.requested).toBe(4)
  })
})
