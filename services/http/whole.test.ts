/** The API over the real controller, stores and load generator's control: what a user does, in the order of doing it. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWhole, type Whole } from './test-whole.ts'

const STEP_MS = 15_000
const AT_MS = Date.parse('2026-11-21T08:00:00Z')
let whole: Whole

beforeAll(async () => {
  whole = await startWhole()
}, 60_000)
afterAll(() => whole.close())

async function ask(at: string, method = 'GET', body?: object) {
  const init: RequestInit = { method }
  if (body) {
    init.body = JSON.stringify(body)
    init.headers = { 'content-type': 'application/json' }
  }
  const response = await fetch(whole.url + at, init)
  const text = await response.text()
  return { status: response.status, body: text === '' ? null : JSON.parse(text) }
}

describe('the API over the real controller', () => {
  it('answers what was stored, on the grid, with gaps as null', async () => {
    const from = AT_MS - 4 * STEP_MS
    const { body } = await ask(`/v1/services/search/series?from=${from}&to=${AT_MS + STEP_MS}`)
    expect(body).toMatchObject({ startMs: from, stepMs: STEP_MS })
    expect(body.values).toHaveLength(5)
    expect(body.values.slice(0, 3).every((value: unknown) => typeof value === 'number')).toBe(true)
    expect(body.values.slice(3)).toEqual([null, null])
  })

  it('takes ISO times and Unix ms alike', async () => {
    const at = AT_MS - STEP_MS
    const iso = await ask(`/v1/services/search/forecast?at=${new Date(at).toISOString()}`)
    expect(iso).toEqual(await ask(`/v1/services/search/forecast?at=${at}`))
    expect(iso.status).toBe(200)
  })

  it('narrows a forecast to levels and horizon', async () => {
    const { body } = await ask('/v1/services/search/forecast?levels=0.9,0.1&horizon=2')
    expect(body.levels).toEqual([0.1, 0.9])
    expect(body.quantiles.map((row: unknown[]) => row.length)).toEqual([2, 2])
    expect(body.quantiles[0][0]).toBeLessThanOrEqual(body.quantiles[1][0])
  })

  it('explains a decision and proves it bit-exact', async () => {
    const { body: latest } = await ask('/v1/decisions/latest')
    expect(latest.items).toHaveLength(2)
    for (const { id, to } of latest.items) {
      expect((await ask(`/v1/decisions/${id}`)).body.decision.to).toBe(to)
      const replay = await ask(`/v1/decisions/${id}/replay`, 'POST')
      expect(replay.body).toMatchObject({ decisionId: id, identical: true })
    }
  })

  it('pages through the history without gap or repetition', async () => {
    const seen: string[] = []
    let cursor = ''
    for (let page = 0; page < 10; page++) {
      const { body } = await ask(`/v1/decisions?limit=1${cursor}`)
      seen.push(...body.items.map(({ id }: { id: string }) => id))
      if (body.next === null) break
      cursor = `&cursor=${body.next}`
    }
    const { body: all } = await ask('/v1/decisions')
    expect(seen).toEqual(all.items.map(({ id }: { id: string }) => id))
    expect(new Set(seen).size).toBe(4)
  })

  it('refuses samples of services that are not configured, counted by reason', async () => {
    const sample = { metric: 'requests_per_second', atMs: AT_MS - STEP_MS, value: 40 }
    const { status, body } = await ask('/v1/samples', 'POST', {
      samples: [
        { ...sample, service: 'search' },
        { ...sample, service: 'stranger' },
        { ...sample, service: 'search', value: -1 },
      ],
    })
    expect([status, body]).toEqual([
      200,
      { accepted: 1, rejected: { negative: 1, 'unknown-service': 1 } },
    ])
    const metrics = await (await fetch(`${whole.url}/metrics`)).text()
    expect(metrics).toContain('forescale_rejected_samples_total{reason="unknown-service"} 1')
    expect(metrics).toContain('forescale_rejected_samples_total{reason="negative"} 1')
  })

  it('stores lines as it stores JSON', async () => {
    const atS = AT_MS / 1000 - 15
    const response = await fetch(`${whole.url}/v1/samples?precision=s`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: `shop,service=search queue_length=7 ${atS}\nshop,service=stranger a=1 ${atS}`,
    })
    expect(await response.json()).toEqual({
      accepted: 1,
      rejected: { 'unknown-service': 1 },
    })
    const range = `from=${AT_MS - STEP_MS}&to=${AT_MS}`
    const { body } = await ask(`/v1/services/search/series?metric=queue_length&${range}`)
    expect(body.values).toEqual([7])
  })

  it('runs a tick at a given time, and refuses one that is not later', async () => {
    const tick = {
      at: '2026-11-21T08:00:00Z',
      replicas: { search: 4, payment: { requested: 2, ready: 1, starting: 1 } },
    }
    const first = await ask('/v1/ticks', 'POST', tick)
    expect([first.status, first.body.atMs, first.body.durationMs]).toEqual([200, AT_MS, 0])
    const again = await ask('/v1/ticks', 'POST', tick)
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
    const { body: stored } = await ask(`/v1/ticks/${first.body.tick}`)
    expect(stored.decisions.map(({ id }: { id: string }) => id).sort()).toEqual(
      first.body.decisions.map(({ id }: { id: string }) => id).sort(),
    )
    const { body: service } = await ask('/v1/services/payment')
    expect(service.replicas).toEqual({ requested: 2, ready: 1, starting: 1, terminating: 0 })
  })

  it('changes budget, modes and policy, and the pause wins over all', async () => {
    expect((await ask('/v1/budget', 'PUT', { costBudgetPerHour: 0.7 })).body).toMatchObject({
      costBudgetPerHour: 0.7,
    })
    const lower = await ask('/v1/services/search/mode', 'PUT', { mode: 'off' })
    expect(lower.body.mode).toBe('off')
    await ask('/v1/services/search/mode', 'PUT', { mode: 'enforce' })
    const policy = await ask('/v1/services/search/policy', 'PUT', { policy: 'reactive' })
    expect(policy.body.policy).toBe('reactive')
    const strategies = await ask('/v1/strategies')
    expect(strategies.body.items).toContainEqual(
      expect.objectContaining({ policy: 'reactive', services: ['search'] }),
    )
    expect((await ask('/v1/pause', 'POST')).body).toEqual({ mode: 'enforce', paused: true })
    expect((await ask('/v1/services/payment')).body.mode).toBe('recommend')
    expect((await ask('/v1/resume', 'POST')).body.paused).toBe(false)
    expect((await ask('/v1/services/payment')).body.mode).toBe('enforce')
  })

  it('starts and stops spikes at the real load generator', async () => {
    const started = await ask('/v1/demo/spikes', 'POST', {
      service: 'payment',
      factor: 2,
      durationMs: 60_000,
    })
    expect(started.status).toBe(201)
    const { id } = started.body
    const ids = async () =>
      (await ask('/v1/demo')).body.spikes.map((spike: { id: string }) => spike.id)
    expect(await ids()).toContain(id)
    expect((await ask(`/v1/demo/spikes/${id}`, 'DELETE')).status).toBe(204)
    expect(await ids()).not.toContain(id)
    expect((await ask(`/v1/demo/spikes/${id}`, 'DELETE')).body.code).toBe('spike-not-found')
  })

  it('tells recorded from measured once something was preloaded', async () => {
    expect((await ask('/v1/demo')).body).toMatchObject({ epochMs: null, recording: null })
    const recording = { fromMs: 1, toMs: AT_MS, source: 'test' }
    await writeFile(path.join(whole.stateDir, 'preload.json'), JSON.stringify(recording))
    await writeFile(path.join(whole.stateDir, 'demo-epoch.json'), JSON.stringify({ epochMs: 5 }))
    expect((await ask('/v1/demo')).body).toMatchObject({ epochMs: 5, recording })
    const { body } = await ask('/v1/services/search/series')
    expect(body.recordedUntilMs).toBe(AT_MS)
  })

  it('sends what it does as events', async () => {
    const abort = new AbortController()
    const response = await fetch(`${whole.url}/v1/events`, { signal: abort.signal })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const at = AT_MS + STEP_MS
    const tick = ask('/v1/ticks', 'POST', { at })
    const came = `event: tick\ndata: {"tick":4,"atMs":${at},`
    while (!text.includes(came)) text += (await reader.read()).value
    expect((await tick).body).toMatchObject({ tick: 4, atMs: at })
    abort.abort()
  })
})

describe('the demo without its load generator', () => {
  it('answers 502, naming who does not answer', async () => {
    const { createDemoPort } = await import('./demo-port.ts')
    const { createApp } = await import('./app.ts')
    const { createTestParts } = await import('./test-plane.ts')
    const demo = createDemoPort({
      loadUrl: 'http://127.0.0.1:9',
      stateDir: whole.stateDir,
      shop: () => ({ workload: 'weekday', dayMs: 1 }),
    })
    const response = await createApp({ ...createTestParts(), demo }).request('/v1/demo')
    expect([response.status, await response.json()]).toEqual([
      502,
      expect.objectContaining({
        code: 'shop-unreachable',
        detail: expect.stringContaining('http://127.0.0.1:9'),
      }),
    ])
  })
})
