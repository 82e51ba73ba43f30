/** The embedded store where it may take only so much of the disk; and what other stores say of that. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import { openLibsqlStore } from './libsql.ts'
import type { SampleStore } from './sample-store.ts'

const METRIC = 'requests_per_second'
const HOUR_MS = 3_600_000
const NOW_MS = 1_795_248_000_000
const STEP_MS = 15_000
const MOST_BYTES = 1_000_000
const SERVICES = Array.from({ length: 40 }, (_, i) => `service-${i}`)

let folder: string
let store: SampleStore
const opened = (maxBytes?: number) =>
  openLibsqlStore({ folder, retentionMs: 1000 * HOUR_MS, maxBytes })

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-size-'))
  store = await opened()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

/** A sample a service and step of the hours before `toMs`. */
async function fill(hours: number, toMs = NOW_MS): Promise<void> {
  const steps = Math.floor((hours * HOUR_MS) / STEP_MS)
  for (let from = 0; from < steps; from += 100) {
    const some = Array.from({ length: Math.min(100, steps - from) }, (_, i) => from + i)
    const samples = some.flatMap((i) =>
      SERVICES.map((service, n) => ({
        ...{ service, metric: n % 2 ? METRIC : 'cpu_cores' },
        ...{ atMs: toMs - (steps - 1 - i) * STEP_MS, value: i + n / 7 },
      })),
    )
    await store.append(samples, toMs)
  }
}
async function reopen(maxBytes?: number): Promise<void> {
  await store.close()
  store = await opened(maxBytes)
}
const rangesOf = async () =>
  (await store.inventory()).map(({ firstMs, lastMs, count }) => ({ firstMs, lastMs, count }))

it('loses its oldest samples, of all alike, and gives the space back to the disk', async () => {
  await fill(6)
  const before = (await store.size!()).bytes
  expect(before).toBeGreaterThan(2 * MOST_BYTES)
  await reopen(MOST_BYTES)
  expect(await store.prune(0)).toBeGreaterThan(0)
  const { bytes, mostBytes } = await store.size!()
  expect(mostBytes).toBe(MOST_BYTES)
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
  expect(bytes).toBeGreaterThan(MOST_BYTES * 0.6)
  const ranges = await rangesOf()
  expect(ranges).toHaveLength(SERVICES.length)
  expect(new Set(ranges.map(({ firstMs }) => firstMs)).size).toBe(1)
  for (const { firstMs, lastMs, count } of ranges) {
    expect(lastMs).toBe(NOW_MS)
    expect(count).toBe((lastMs - firstMs) / STEP_MS + 1)
  }
  await reopen()
  expect((await stat(path.join(folder, 'series.db'))).size).toBeLessThanOrEqual(MOST_BYTES)
})

it('takes no more however long it goes on', async () => {
  await reopen(MOST_BYTES)
  const sizes: number[] = []
  for (let hour = 0; hour < 8; hour++) {
    await fill(1, NOW_MS + hour * HOUR_MS)
    await store.prune(0)
    sizes.push((await store.size!()).bytes)
  }
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MOST_BYTES)
})

it('keeps the newest hour whatever the size, and all where it has room or no size was set', async () => {
  await fill(2)
  const all = await rangesOf()
  await store.prune(0)
  await reopen(100 * MOST_BYTES)
  expect(await store.prune(0)).toBe(0)
  expect(await rangesOf()).toEqual(all)
  await reopen(1)
  await store.prune(0)
  for (const { firstMs, lastMs } of await rangesOf()) expect(lastMs - firstMs).toBe(HOUR_MS)
})

it('is no setting of a store that keeps by time only, which says so', () => {
  const faultOf = (store: object) =>
    AppConfig.safeParse({ services: { a: {} }, store }).error?.issues.find(
      ({ path }) => path.at(-1) === 'maxBytes',
    )
  const influx = { kind: 'influxdb', url: 'http://influx:8086', org: 'o' }
  const metrics = [{ metric: METRIC, query: 'up' }]
  const prometheus = { kind: 'prometheus', servers: { default: { url: 'http://p:9090' } }, metrics }
  expect(faultOf({ ...influx, maxBytes: 1e9 })?.message).toMatch(/InfluxDB drops by time only/)
  expect(faultOf({ ...prometheus, maxBytes: 1e9 })?.message).toMatch(/retention\.size/)
  expect([faultOf(influx), faultOf(prometheus)]).toEqual([undefined, undefined])
  expect(faultOf({ kind: 'embedded', maxBytes: 1000 })?.message).toMatch(/16777216/)
})
