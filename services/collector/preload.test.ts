import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeRecording } from '../../datasets/recording.ts'
import { AppConfig } from '../config.ts'
import { createMemoryStore } from '../stores/memory.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { preload } from './preload.ts'

const METRIC = 'requests_per_second'
const DAY_MS = 20_000
const STEP_MS = 2000
const DAYS = 2
const STEPS = (DAYS * DAY_MS) / STEP_MS
const EPOCH_MS = 1_795_248_001_234 // off every grid
/** Half a day into the demo's third day. */
const NOW_MS = EPOCH_MS + 2.5 * DAY_MS

const header = {
  source: 'made for a test',
  recordedAt: '2026-11-21T06:00:00.000Z',
  workload: 'weekday',
  dayMs: DAY_MS,
  stepMs: STEP_MS,
  days: DAYS,
}
/** The value of step s is s for search, 100 + s for a service that is not configured. */
const recording = writeRecording({
  header,
  services: ['search', 'stranger'],
  metrics: [METRIC],
  values: [0, 100].map((base) => Float64Array.from({ length: STEPS }, (_, s) => base + s)),
})

let folder: string
let store: SampleStore
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-preload-'))
  await mkdir(path.join(folder, 'recordings'))
  await writeFile(path.join(folder, 'recordings/weekday.csv'), recording)
  store = createMemoryStore(configOf())
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const configOf = (shop: object = {}) =>
  AppConfig.parse({
    services: { search: {} },
    actuator: { kind: 'processes' },
    shop: { dayMs: DAY_MS, services: { search: {} }, ...shop },
  })
const run = (shop: object = {}, nowMs = NOW_MS) =>
  preload({
    store,
    config: configOf(shop),
    stateDir: folder,
    epochMs: EPOCH_MS,
    nowMs,
    recordings: pathToFileURL(`${path.join(folder, 'recordings')}/`),
  })
/** Value by instant, in the store. */
async function stored(): Promise<Map<number, number>> {
  const first = EPOCH_MS - DAYS * DAY_MS
  const found = new Map<number, number>()
  for (let atMs = first; atMs <= NOW_MS + DAY_MS; atMs += STEP_MS) {
    const at = { metric: METRIC, services: ['search'], stepMs: 1 }
    const [value] = await store.grid({ ...at, fromMs: atMs, toMs: atMs + 1 })
    if (!Number.isNaN(value!)) found.set(atMs, value!)
  }
  return found
}

describe('an empty store', () => {
  it('gets the recorded days up to now, in the phase of the day', async () => {
    expect(await run()).toBe(STEPS)
    const samples = await stored()
    expect(samples.size).toBe(STEPS)
    expect([Math.min(...samples.keys()), Math.max(...samples.keys())]).toEqual([
      NOW_MS - DAYS * DAY_MS + STEP_MS,
      NOW_MS,
    ])
    for (const [atMs, value] of samples) {
      // what step s of the recording says of [s, s + 1) is known at its end
      expect(value).toBe(((atMs - EPOCH_MS) / STEP_MS - 1 + STEPS) % STEPS)
    }
  })

  it('gets no service that is not configured', async () => {
    await run()
    expect((await store.inventory()).map((row) => row.service)).toEqual(['search'])
  })

  it('has a marker beside it that says what was recorded, when, and by whom', async () => {
    await run()
    expect(JSON.parse(await readFile(path.join(folder, 'preload.json'), 'utf8'))).toEqual({
      fromMs: NOW_MS - DAYS * DAY_MS,
      toMs: NOW_MS,
      source: 'made for a test (2026-11-21T06:00:00.000Z)',
    })
  })

  it('gets it all at the next start when the first one broke off', async () => {
    const whole = store
    store = { ...whole, append: () => Promise.reject(new Error('killed')) }
    await expect(run()).rejects.toThrow('killed')
    store = whole
    expect(await run()).toBe(STEPS)
    expect((await stored()).size).toBe(STEPS)
  })

  it('is told in the marker before a recorded sample can be seen', async () => {
    const marker = path.join(folder, 'preload.json')
    const seen: boolean[] = []
    const whole = store
    store = {
      ...whole,
      append: async (samples, nowMs) => {
        seen.push(JSON.parse(await readFile(marker, 'utf8')).toMs === NOW_MS)
        return whole.append(samples, nowMs)
      },
    }
    await run()
    store = whole
    expect(seen).toEqual([true])
  })

  it.each([
    ['it is switched off', { preload: false }],
    ['there is no recording of the workload', { workload: 'recurring-peak' }],
    ['the days of the recording are of another length', { dayMs: 2 * DAY_MS }],
  ])('gets nothing when %s', async (_, shop) => {
    expect(await run(shop)).toBe(0)
    expect(await store.inventory()).toEqual([])
    await expect(readFile(path.join(folder, 'preload.json'))).rejects.toThrow('ENOENT')
  })
})

describe('a store that holds samples', () => {
  const measured = (atMs: number) => ({ service: 'search', metric: METRIC, atMs, value: 7777 })

  it('of less than a day ago gets nothing', async () => {
    await store.append([measured(NOW_MS - DAY_MS)], NOW_MS)
    expect(await run()).toBe(0)
    await expect(readFile(path.join(folder, 'preload.json'))).rejects.toThrow('ENOENT')
  })

  it('that are older gets what came after them, and keeps them as they are', async () => {
    const newestMs = EPOCH_MS + 13 * STEP_MS
    await store.append([measured(newestMs - STEP_MS), measured(newestMs)], NOW_MS)
    expect(await run()).toBe((NOW_MS - newestMs) / STEP_MS)
    const samples = await stored()
    expect([samples.get(newestMs - STEP_MS), samples.get(newestMs)]).toEqual([7777, 7777])
    expect(samples.get(newestMs + STEP_MS)).toBe(13)
    expect(Math.min(...samples.keys())).toBe(newestMs - STEP_MS)
  })

  it('from an earlier preload gets nothing at a restart', async () => {
    await run()
    expect(await run({}, NOW_MS + STEP_MS)).toBe(0)
  })
})
