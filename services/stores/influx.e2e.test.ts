/** What InfluxDB does besides the suite of all stores: set-up, coarse copy, the spool over crashes and outages, back-fill. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { samplesToFill } from './backfill.ts'
import { createInfluxClient, type InfluxClient } from './influx/client.ts'
import { createInfluxReader } from './influx/reader.ts'
import { openInfluxStore } from './influxdb.ts'
import { openLibsqlStore } from './libsql.ts'
import { setUpStore } from './registry.ts'
import type { Sample, SampleStore } from './sample-store.ts'
import { announce, hasInfluxd, type InfluxServer, startInflux } from './test-servers.ts'

const METRIC = 'requests_per_second'
const STEP_MS = 1000
const RETENTION_MS = 86_400_000
const TOKEN = 'FORESCALE_TEST_INFLUX_OWN'

announce('influxd', hasInfluxd)
describe.runIf(hasInfluxd)('InfluxDB', () => {
  let server: InfluxServer
  let client: InfluxClient
  let config: AppConfig
  let folder: string
  beforeAll(async () => {
    server = await startInflux()
    process.env[TOKEN] = server.token
    client = createInfluxClient(server)
  })
  afterAll(() => server?.remove())
  let round = 0
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'forescale-influx-'))
    config = AppConfig.parse({
      ...{ stepMs: STEP_MS, tickMs: STEP_MS, retentionMs: RETENTION_MS, services: { a: {} } },
      store: {
        ...{ kind: 'influxdb', url: server.url, org: server.org, bucket: `own-${round++}` },
        ...{ tokenEnv: TOKEN, flushMs: 50, timeoutMs: 10_000 },
        downsample: { everyMs: 60_000 },
      },
    })
    return () => rm(folder, { recursive: true, force: true })
  })
  const open = (): Promise<SampleStore> => {
    if (config.store.kind !== 'influxdb') throw new Error('of another kind')
    const options = { config: config.store, folder, retentionMs: RETENTION_MS, retryAfterMs: 100 }
    return openInfluxStore(options)
  }
  const sample = (atMs: number, value: number): Sample => ({
    ...{ service: 'a', metric: METRIC, atMs, value },
  })
  const written = async (store: SampleStore): Promise<void> => {
    for (let tries = 0; store.health!().pendingSamples > 0; tries++) {
      if (tries > 600) throw new Error(store.health!().detail)
      await pause(50)
    }
  }

  it('is set up once: the second time nothing is left to do, a change is made', async () => {
    expect((await setUpStore(config)).map((step) => step.done)).toEqual(Array(3).fill('created'))
    expect((await setUpStore(config)).map((step) => step.done)).toEqual(Array(3).fill('unchanged'))
    const longer = { ...config, retentionMs: 2 * RETENTION_MS }
    expect((await setUpStore(longer)).map((step) => step.done)).toEqual([
      ...['changed', 'unchanged', 'unchanged'],
    ])
  })

  it('keeps a coarse copy whose means are those of the samples, and reads steps from it', async () => {
    await setUpStore(config)
    const store = await open()
    const nowMs = Date.now()
    const minuteMs = Math.floor(nowMs / 60_000) * 60_000 - 60_000
    const values = [1, 2, 6]
    await store.append(
      values.map((value, k) => sample(minuteMs + 1000 * k, value)),
      nowMs,
    )
    await written(store)
    const { tasks } = (await client.json(
      'GET',
      `/api/v2/tasks?org=${server.org}`,
      undefined,
      5000,
    )) as {
      tasks: { id: string; name: string }[]
    }
    const task = tasks.find(({ name }) => name.startsWith(`${storeOf(config).bucket} `))!
    await client.json('POST', `/api/v2/tasks/${task.id}/runs`, {}, 5000)
    const coarse = `${storeOf(config).bucket}_coarse`
    const found = await until(async () => {
      const rows: string[] = []
      const flux = `from(bucket: "${coarse}") |> range(start: -1h) |> keep(columns: ["_field", "_value"])`
      await client.query(
        flux,
        ['_field', '_value'],
        5000,
        (cells) => void rows.push(cells.join(' ')),
      )
      return rows.length >= 3 ? rows.sort() : undefined
    })
    expect(found).toEqual(['count 3', 'max 6', 'sum 9'])
    const reader = createInfluxReader({ client, bucket: '', timeoutMs: 10_000 })
    const range = { fromMs: minuteMs - 60_000, toMs: minuteMs + 60_000, stepMs: 60_000 }
    const query = { metric: METRIC, services: ['a'], ...range }
    const cells = await reader.coarseGrid(query, { bucket: coarse, everyMs: 60_000 })
    expect([...cells]).toEqual([Number.NaN, 3])
    await store.close()
  })

  it('loses nothing that was acknowledged: not by its own end, nor by the absence of the server', async () => {
    await setUpStore(config)
    const nowMs = Date.now()
    let store = await open()
    await server.stop()
    const acknowledged: Sample[] = []
    for (let k = 0; k < 40; k++) {
      const one = sample(nowMs - 40_000 + 1000 * k, k)
      expect((await store.append([one], nowMs)).accepted).toBe(1)
      acknowledged.push(one)
      // what was pushed can be read at once, out of memory
      const query = { metric: METRIC, services: ['a'], fromMs: one.atMs, toMs: one.atMs + STEP_MS }
      if (k % 10 === 0) expect([...(await store.grid({ ...query, stepMs: STEP_MS }))]).toEqual([k])
    }
    expect(store.health!()).toMatchObject({ state: 'degraded', pendingSamples: 40 })
    // what memory cannot vouch for is refused, not taken for missing
    const old = { metric: METRIC, services: ['a'], fromMs: nowMs - RETENTION_MS, toMs: nowMs }
    await expect(store.grid({ ...old, stepMs: STEP_MS })).rejects.toThrow(/does not answer/)
    await store.close()
    expect(await readdir(path.join(folder, 'spool'))).not.toEqual([])
    await server.start()
    store = await open()
    await written(store)
    const range = { fromMs: nowMs - 40_000, toMs: nowMs, stepMs: STEP_MS }
    const cells = await store.grid({ metric: METRIC, services: ['a'], ...range })
    expect([...cells]).toEqual(acknowledged.map(({ value }) => value))
    expect(await readdir(path.join(folder, 'spool'))).toEqual([])
    expect(store.health!().state).toBe('ok')
    await store.close()
  })

  it('is filled from an embedded store, step by step; a second time changes nothing', async () => {
    await setUpStore(config)
    const nowMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const source = path.join(folder, 'before')
    const embedded = await openLibsqlStore({ folder: source, retentionMs: RETENTION_MS })
    const values = Array.from({ length: 500 }, (_, k) => k / 3)
    const samples = values.map((value, k) => sample(nowMs - 500_000 + 1000 * (k + 1), value))
    await embedded.append(samples, nowMs)
    await embedded.close()
    const store = await open()
    for (let time = 0; time < 2; time++) {
      for await (const piece of samplesToFill({ kind: 'embedded', folder: source }, config))
        await store.append(piece, nowMs)
    }
    const range = { fromMs: nowMs - 500_000 + 1, toMs: nowMs + 1, stepMs: STEP_MS }
    const cells = await store.grid({ metric: METRIC, services: ['a'], ...range })
    expect([...cells]).toEqual(values)
    expect((await store.inventory()).map(({ count }) => count)).toEqual([500])
    await store.close()
  })
})

function storeOf({ store }: AppConfig): { bucket: string } {
  if (store.kind !== 'influxdb') throw new Error('of another kind')
  return store
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await pause(200)
  }
  return undefined
}
