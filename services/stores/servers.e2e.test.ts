/** The suite of all stores against real servers: influxd, Prometheus, VictoriaMetrics. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { createInfluxClient } from './influx/client.ts'
import { openInfluxStore } from './influxdb.ts'
import { openStore } from './registry.ts'
import type { Sample } from './sample-store.ts'
import { sanitise } from './sanitise.ts'
import {
  METRIC,
  NOW_MS,
  RETENTION_MS,
  STEP_MS,
  type StoreUnderTest,
  storeSuite,
} from './store.suite.ts'
import { remoteWrite } from './test-remote-write.ts'
import {
  announce,
  hasInfluxd,
  hasPrometheus,
  hasVictoria,
  type InfluxServer,
  type RunningServer,
  startInflux,
  startPrometheus,
  startVictoria,
} from './test-servers.ts'

const START_LIMIT_MS = 60_000
let round = 0
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})
async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-store-'))
  folders.push(folder)
  return folder
}
const configOf = (store: object) =>
  AppConfig.parse({
    store,
    ...{ stepMs: STEP_MS, tickMs: STEP_MS, retentionMs: RETENTION_MS },
    services: { a: {}, b: {}, c: {} },
  })

announce('influxd', hasInfluxd)
describe.runIf(hasInfluxd)('InfluxDB 2', () => {
  let server: InfluxServer
  beforeAll(async () => {
    server = await startInflux()
    process.env.FORESCALE_TEST_INFLUX = server.token
  }, START_LIMIT_MS)
  afterAll(() => server?.remove())

  /** A bucket of its own, which keeps everything. */
  async function open(): Promise<StoreUnderTest> {
    const { url, org, token } = server
    const bucket = `bucket-${round++}`
    const client = createInfluxClient({ url, org, token })
    const { orgs } = (await client.json('GET', '/api/v2/orgs', undefined, 5000)) as {
      orgs: { id: string }[]
    }
    const rules = { orgID: orgs[0]!.id, name: bucket, retentionRules: [] }
    await client.json('POST', '/api/v2/buckets', rules, 5000)
    const config = configOf({
      ...{ kind: 'influxdb', url, org, bucket, timeoutMs: 10_000 },
      tokenEnv: 'FORESCALE_TEST_INFLUX',
    })
    const store = await openStore(config, await newFolder())
    return { store, put: (...samples) => store.append(samples, NOW_MS) }
  }
  storeSuite({ name: 'influxdb', isWritable: true, isExact: true, open })
})

interface PromKind {
  readonly name: string
  readonly there: boolean
  readonly isExact: boolean
  start(): Promise<RunningServer>
  /** After a write: new series can be seen. */
  settled(url: string): Promise<unknown>
}
const PROM_KINDS: readonly PromKind[] = [
  {
    ...{ name: 'prometheus', there: hasPrometheus, isExact: true },
    start: startPrometheus,
    settled: async () => undefined,
  },
  {
    ...{ name: 'victoria-metrics', there: hasVictoria, isExact: false },
    start: startVictoria,
    settled: (url) => fetch(`${url}/internal/force_flush`),
  },
]

describe.each(PROM_KINDS)('PromQL of $name', ({ name, there, isExact, start, settled }) => {
  announce(name, there)
  let server: RunningServer
  beforeAll(async () => {
    if (there) server = await start()
  }, START_LIMIT_MS)
  afterAll(() => server?.remove())

  /** Metrics of its own names; what is put is sent by remote-write. */
  async function open(): Promise<StoreUnderTest> {
    const prefix = `t${round++}`
    const { url } = server
    const metrics = [METRIC, 'cpu_cores'].map((metric) => ({
      metric,
      query: `avg_over_time(${prefix}_${metric}[$step])`,
    }))
    const config = configOf({
      kind: 'prometheus',
      servers: { default: { url, timeoutMs: 20_000 } },
      metrics,
    })
    const store = await openStore(config, await newFolder())
    return {
      store,
      async put(...samples) {
        const { kept, report } = sanitise(samples, { nowMs: NOW_MS, retentionMs: RETENTION_MS })
        const response = await remoteWrite(`${url}/api/v1/write`, seriesOf(kept, prefix))
        expect([response.status, await response.text()]).toEqual([204, ''])
        await settled(url)
        return report
      },
    }
  }
  describe.runIf(there)('', () => {
    storeSuite({ name, isWritable: false, isExact, open })
  })
})

/** As a source would write them: each series once, its instants in order, each of them once. */
function seriesOf(samples: readonly Sample[], prefix: string) {
  const byKey = new Map<string, Map<number, number>>()
  for (const { service, metric, atMs, value } of samples) {
    const key = `${service} ${metric}`
    const points = byKey.get(key) ?? new Map<number, number>()
    byKey.set(key, points)
    points.set(atMs, Math.max(value, points.get(atMs) ?? 0))
  }
  return [...byKey].map(([key, points]) => {
    const [service, metric] = key.split(' ')
    return {
      labels: { __name__: `${prefix}_${metric}`, service: service! },
      samples: [...points].sort(([a], [b]) => a - b).map(([atMs, value]) => ({ atMs, value })),
    }
  })
}

describe.runIf(hasVictoria)('VictoriaMetrics', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startVictoria()
  }, START_LIMIT_MS)
  afterAll(() => server?.remove())

  it('takes what the InfluxDB store writes, all of it, over its own absence', async () => {
    const store = configOf({ kind: 'influxdb', url: server.url, org: 'o', flushMs: 20 }).store
    if (store.kind !== 'influxdb') throw new Error('of another kind')
    const real = createInfluxClient({ url: server.url, org: 'o', token: undefined })
    // it has no Flux, so of what is stored already it cannot be asked
    const client = { ...real, query: async () => {} }
    const options = { config: store, folder: await newFolder(), retentionMs: RETENTION_MS, client }
    const writing = await openInfluxStore(options)
    const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const samples = Array.from({ length: 60 }, (_, k) => ({
      ...{ service: 'a', metric: METRIC, atMs: nowMs - 60_000 + k * STEP_MS, value: k },
    }))
    await writing.append(samples.slice(0, 30), nowMs)
    await server.stop()
    await writing.append(samples.slice(30), nowMs)
    await server.start()
    for (let tries = 0; writing.health!().pendingSamples > 0; tries++) {
      if (tries > 400) throw new Error(writing.health!().detail)
      await pause(50)
    }
    await fetch(`${server.url}/internal/force_flush`)
    const reading = await openStore(
      configOf({
        kind: 'prometheus',
        servers: { default: { url: server.url, timeoutMs: 20_000 } },
        metrics: [{ metric: METRIC, query: `avg_over_time(${METRIC}_value[$step])` }],
      }),
      await newFolder(),
    )
    const range = { fromMs: nowMs - 60_000, toMs: nowMs, stepMs: STEP_MS }
    // it shows what was written a little later, flushed or not
    const cells = async () => [
      ...(await reading.grid({ metric: METRIC, services: ['a'], ...range })),
    ]
    await expect.poll(cells, { timeout: 20_000 }).toEqual(samples.map(({ value }) => value))
    await writing.close()
  })
})

it('this suite ran against at least one server', () => {
  expect(hasInfluxd || hasPrometheus || hasVictoria).toBe(true)
})
