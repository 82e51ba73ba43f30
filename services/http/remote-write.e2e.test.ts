/** A real Prometheus writes into the controller by remote-write, over a restart of the controller's door. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDryRun } from '../actuators/dry-run.ts'
import { systemClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import { openLedger } from '../ledger/registry.ts'
import { createController } from '../loops/controller.ts'
import { openStore } from '../stores/registry.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { remoteWrite, type SentSeries } from '../stores/test-remote-write.ts'
import {
  announce,
  hasPrometheus,
  type RunningServer,
  startPrometheus,
} from '../stores/test-servers.ts'
import { type App, createApp } from './app.ts'
import { type Listening, serve } from './server.ts'

const METRIC = 'requests_per_second'
const config = AppConfig.parse({
  services: { search: {}, payment: {} },
  ingest: {
    ignoreTags: ['replica'],
    remoteWrite: {
      metrics: [
        { from: 'up', metric: METRIC, serviceLabel: 'job', scale: 100 },
        { from: 'load', metric: METRIC },
      ],
    },
  },
})

let folder: string
let port: number
let app: App
let listening: Listening
let store: SampleStore
const closing: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-remote-write-'))
  port = await getPort({ host: '127.0.0.1' })
  store = await openStore(config, folder)
  const ledger = await openLedger(config, folder)
  const controller = await createController({
    ...{ config, reread: () => config, clock: systemClock, store, ledger },
    actuator: createDryRun(new Map()),
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })
  app = createApp({ control: controller, store, ledger })
  listening = await serve(app, { host: '127.0.0.1', port })
  closing.push(() => listening.close(), controller.stop, ledger.close, store.close)
})
afterAll(async () => {
  for (const step of closing) await step()
  await rm(folder, { recursive: true, force: true })
})

const rowOf = async (service: string) =>
  (await store.inventory()).find((row) => row.service === service && row.metric === METRIC)

announce('prometheus', hasPrometheus)
describe.runIf(hasPrometheus)('a real Prometheus', () => {
  let prometheus: RunningServer
  afterAll(() => prometheus?.remove())

  it('sends what it scrapes; what it could not while the door was shut comes later', async () => {
    prometheus = await startPrometheus(`
global: {scrape_interval: 1s}
scrape_configs:
  - job_name: search
    metrics_path: /metrics
    static_configs: [{targets: ['127.0.0.1:${port}']}]
remote_write:
  - url: http://127.0.0.1:${port}/api/v1/write
    queue_config: {batch_send_deadline: 500ms, min_backoff: 100ms, max_backoff: 500ms}
`)
    await reaches(5)
    await listening.close()
    const before = (await rowOf('search'))!
    await pause(4000)
    listening = await serve(app, { host: '127.0.0.1', port })
    await reaches(before.count + 7)
    const { firstMs, lastMs, count } = (await rowOf('search'))!
    // one each second, those of the closed door included: a scrape that fails is `up 0`
    expect(count).toBeGreaterThanOrEqual(Math.floor((lastMs - firstMs) / 1000) - 1)
    const newest = await store.latest(METRIC, Date.now())
    expect([0, 100]).toContain(newest.get('search')!.value)
    expect(await rowOf('payment')).toBeUndefined()
  }, 90_000)

  async function reaches(count: number): Promise<void> {
    for (let tries = 0; ((await rowOf('search'))?.count ?? 0) < count; tries++) {
      if (tries > 200) throw new Error(`${(await rowOf('search'))?.count} samples came of ${count}`)
      await pause(200)
    }
  }
})

describe('the door', () => {
  const send = (series: readonly SentSeries[]) =>
    remoteWrite(`http://127.0.0.1:${port}/api/v1/write`, series)
  const load = (labels: object, samples: SentSeries['samples']): SentSeries => ({
    labels: { __name__: 'load', service: 'payment', ...labels },
    samples,
  })

  it('takes any order, lets go what is not mapped, and skips stale markers', async () => {
    const atMs = Date.now() - 60_000
    const samples = [3, 1, 2].map((k) => ({ atMs: atMs + k, value: k }))
    const response = await send([
      load({}, [...samples, { atMs: atMs + 4, value: 'stale' }]),
      { labels: { __name__: 'other', service: 'payment' }, samples },
      { labels: { __name__: 'load', service: 'unheard-of' }, samples },
    ])
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(await rowOf('payment')).toMatchObject({ firstMs: atMs + 1, lastMs: atMs + 3, count: 3 })
  })

  it('stores what can be and answers 400 for what never can: not to be sent again', async () => {
    const atMs = Date.now() - 50_000
    const before = (await rowOf('payment'))?.count ?? 0
    const response = await send([
      load({}, [
        { atMs, value: Number.NaN },
        { atMs: atMs + 1, value: -1 },
        { atMs: atMs + 2, value: 7 },
      ]),
      load({ pod: 'second' }, [{ atMs: atMs + 3, value: 1 }]),
      load({ replica: 'b' }, [{ atMs: atMs + 4, value: 1 }]),
    ])
    expect(response.status).toBe(400)
    const text = await response.text()
    for (const reason of ['1 not-finite', '1 negative', '1 several-series'])
      expect(text).toContain(reason)
    expect((await rowOf('payment'))!.count).toBe(before + 2)
  })

  it('answers 415 for another packing, 400 for what is no message', async () => {
    const url = `http://127.0.0.1:${port}/api/v1/write`
    const headers = { 'content-type': 'application/x-protobuf' }
    const plain = await fetch(url, { method: 'POST', body: 'x', headers })
    expect(plain.status).toBe(415)
    const packed = { ...headers, 'content-encoding': 'snappy' }
    const wrong = await fetch(url, { method: 'POST', body: 'no snappy', headers: packed })
    expect(wrong.status).toBe(400)
    expect(wrong.headers.get('content-type')).toContain('application/problem+json')
  })

  it('reads gzipped samples within bounds: a bomb is refused, and so is what is no gzip', async () => {
    const post = (body: Uint8Array<ArrayBuffer>) =>
      fetch(`http://127.0.0.1:${port}/v1/samples`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
      })
    const line = `m,service=payment value=1 ${Date.now()}000000`
    const good = await post(new Uint8Array(gzipSync(line)))
    expect([good.status, await good.json()]).toEqual([200, { accepted: 1, rejected: {} }])
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(100 * 1024 * 1024, 'a')))
    const startedMs = performance.now()
    expect((await post(bomb)).status).toBe(413)
    expect(performance.now() - startedMs).toBeLessThan(5000)
    expect((await post(new Uint8Array(Buffer.from('no gzip')))).status).toBe(400)
  })
})
