/** The whole demo, as a newcomer starts it: real services under real load, forecast, argued over and scaled. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfigFile } from '../config-file.ts'
import { PART_NAMES } from './part-names.ts'
import { startTestDemo, type TestDemo } from './test-demo.ts'

const DEMO = new URL('../shop/demo.yaml', import.meta.url).pathname
const SPIKE = { service: 'auth', factor: 4, durationMs: 30_000 }

let demo: TestDemo
let api: string
let startedAtMs: number

interface Status {
  readonly service: string
  readonly replicas: { readonly requested: number; readonly ready: number } | null
  readonly latencyP95Seconds: number | null
  readonly sloLatencySeconds: number
  readonly fallback: boolean
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(api + path)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const statusOf = (service: string) => get<Status>(`/v1/services/${service}`)

/** Polls until `met` answers a value; fails with `what` after `limitMs`. */
async function eventually<T>(
  what: string,
  limitMs: number,
  met: () => Promise<T | undefined>,
): Promise<T> {
  const givenUpAtMs = Date.now() + limitMs
  while (Date.now() < givenUpAtMs) {
    const value = await met().catch(() => undefined)
    if (value !== undefined) return value
    await sleep(500)
  }
  throw new Error(`not within ${limitMs / 1000} s: ${what}\n${demo.output()}`)
}

beforeAll(async () => {
  startedAtMs = Date.now()
  demo = await startTestDemo({ config: loadConfigFile(DEMO, {}), only: PART_NAMES })
  api = demo.runtime().urls.dashboard.replace(/\/$/, '')
}, 120_000)
afterAll(() => demo.cleanUp())

describe('the demo', () => {
  it('prints a line a part, says that it enforces, and ends with the address', () => {
    const lines = demo.output().trim().split('\n')
    for (const part of PART_NAMES) expect(demo.output()).toMatch(new RegExp(`^${part} +ready`, 'm'))
    expect(demo.output()).toContain('mode enforce')
    expect(lines.at(-1)).toBe(demo.runtime().urls.dashboard)
  })

  it('has applied its first decision within 60 s, from history that it did not have to wait for', async () => {
    const applied = await eventually('an applied decision', 90_000, async () => {
      const { items } = await get<{ items: { settlement: string; settledAtMs: number }[] }>(
        '/v1/decisions?changes=true&limit=100',
      )
      return items.findLast((d) => d.settlement === 'applied')
    })
    expect(applied.settledAtMs - startedAtMs).toBeLessThan(60_000)
    const status = await eventually('a usable forecast', 60_000, async () => {
      const found = await statusOf('search')
      return found.fallback ? undefined : found
    })
    expect(status.fallback).toBe(false)
  })

  it('raises replicas in a spike, and latency recovers', async () => {
    const before = (await statusOf(SPIKE.service)).replicas!.requested
    const spike = await fetch(`${api}/v1/demo/spikes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(SPIKE),
    })
    expect(spike.status).toBe(201)
    await eventually('more ready replicas', 40_000, async () => {
      const { replicas } = await statusOf(SPIKE.service)
      return replicas!.ready > before ? true : undefined
    })
    await eventually('latency within its objective again', 60_000, async () => {
      const { latencyP95Seconds, sloLatencySeconds } = await statusOf(SPIKE.service)
      return latencyP95Seconds !== null && latencyP95Seconds < sloLatencySeconds ? true : undefined
    })
  })

  it('stops all writes within one tick when paused', async () => {
    expect((await fetch(`${api}/v1/pause`, { method: 'POST' })).ok).toBe(true)
    const { tickMs } = loadConfigFile(DEMO, {})
    await sleep(tickMs)
    const pausedAtMs = Date.now()
    await sleep(3 * tickMs)
    const { items } = await get<{ items: { settlement: string; atMs: number }[] }>(
      '/v1/decisions?limit=100',
    )
    const since = items.filter((d) => d.atMs >= pausedAtMs)
    expect(since.length).toBeGreaterThan(0)
    expect(since.every((d) => d.settlement === 'not-enforced')).toBe(true)
    expect((await fetch(`${api}/v1/resume`, { method: 'POST' })).ok).toBe(true)
  })

  it('goes on after kill -9 of the controller, and settles what was left open', async () => {
    const { tick } = await get<{ tick: number }>('/v1/ticks/latest')
    process.kill(demo.pidOf('controller'), 'SIGKILL')
    const next = await eventually('a new tick', 40_000, async () => {
      const latest = await get<{ tick: number }>('/v1/ticks/latest')
      return latest.tick > tick ? latest : undefined
    })
    expect(next.tick).toBeGreaterThan(tick)
    const { items } = await get<{ items: { tick: number; settlement: string }[] }>(
      '/v1/decisions?limit=500',
    )
    expect(items.filter((d) => d.tick <= tick && d.settlement === 'pending')).toEqual([])
  })

  it('leaves no process behind', async () => {
    demo.child.kill('SIGTERM')
    expect((await demo.exit).code).toBe(0)
    await sleep(1000)
    expect(demo.survivors()).toEqual([])
  })
})
