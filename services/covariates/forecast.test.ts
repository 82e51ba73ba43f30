/**
 * Campaigns through the whole product, over HTTP and by the manual clock: stored, learned at a fit, foretold, called off,
 * and known again after a restart.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../datasets/random.ts'
import type { ForecastDocument } from '../../forecaster/forecast.ts'
import { type Composed, compose } from '../compose.ts'
import { AppConfig } from '../config.ts'
import type { FeatureImportance, ForecastExplanation } from '../explanations/view.ts'
import type { CovariateEvent } from './event.ts'

const STEP_MS = 900_000
const DAY = 96
const HOUR_MS = 3_600_000
const BEGAN_MS = Date.parse('2026-11-02T00:00:00Z')
/** Three campaigns of three hours that were, one to come. */
const STARTS = [1 * DAY + 40, 3 * DAY + 48, 5 * DAY + 44, 7 * DAY + 40]
const COMING = STARTS[3]!
const NOW = COMING - 4
const atMs = (step: number) => BEGAN_MS + step * STEP_MS
const isOn = (step: number) => STARTS.some((start) => step >= start && step < start + 12)

const random = seededRandom('campaign', 1)
const loads = Float64Array.from({ length: COMING + 24 }, (_, t) => {
  const wave = 200 + 120 * Math.sin((2 * Math.PI * t) / DAY)
  return wave * (isOn(t) ? 2 : 1) * (0.95 + 0.1 * random())
})

let folder: string
let composed: Composed

async function start(): Promise<Composed> {
  const config = AppConfig.parse({
    clock: 'manual',
    mode: 'recommend',
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    actuator: { kind: 'caller' },
    forecast: { horizonSteps: 24, models: ['seasonal-naive', 'ets'] },
    covariates: { metrics: [{ metric: 'orders', lagMs: HOUR_MS }] },
    services: { search: {}, payment: {} },
  })
  return compose({
    config,
    stateDir: folder,
    reread: () => config,
    hostUrl: '',
    loadUrl: '',
    env: { LOG_LEVEL: 'silent' },
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forescale-campaign-'))
  composed = await start()
})
afterAll(async () => {
  await composed.close()
  await rm(folder, { recursive: true, force: true })
})

async function ask<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await composed.app.request(`http://127.0.0.1${path}`, {
    method,
    ...(body && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  })
  const answer = await response.json()
  expect(response.status, JSON.stringify(answer)).toBe(200)
  return answer as T
}

async function pushLoads(from: number, to: number): Promise<void> {
  const steps = Array.from({ length: to - from }, (_, i) => from + i)
  const samples = steps.map((t) => ({
    service: 'search',
    metric: 'requests_per_second',
    atMs: atMs(t + 1),
    value: loads[t]!,
  }))
  await ask('POST', '/v1/samples', { samples })
}

const tickAt = (step: number) => ask('POST', '/v1/ticks', { at: atMs(step), replicas: {} })
const forecast = () => ask<ForecastDocument>('GET', '/v1/services/search/forecast')

/** Pinball loss over the campaign's steps. */
function lossAt({ levels, quantiles, issuedAtMs }: ForecastDocument): number {
  const issued = Math.round((issuedAtMs - BEGAN_MS) / STEP_MS)
  let sum = 0
  for (let t = COMING; t < COMING + 12; t++) {
    levels.forEach((level, l) => {
      const miss = loads[t]! - quantiles[l]![t - issued]!
      sum += Math.max(level * miss, (level - 1) * miss)
    })
  }
  return sum
}

describe('a campaign that is stored before it comes', () => {
  let stored: readonly CovariateEvent[]
  let knowing: ForecastDocument

  it('is foretold once three like it were seen', async () => {
    await pushLoads(0, NOW)
    const events = STARTS.map((step) => ({
      name: 'campaign',
      from: new Date(atMs(step)).toISOString(),
      to: atMs(step + 12),
    }))
    stored = (await ask<{ items: CovariateEvent[] }>('POST', '/v1/covariates', { events })).items
    await tickAt(NOW)
    knowing = await forecast()
    const median = knowing.quantiles[knowing.levels.indexOf(0.5)]!
    const ahead = COMING - NOW
    for (let k = ahead; k < ahead + 12; k++)
      expect(Math.abs(median[k]! / loads[NOW + k]! - 1), `step ${k}`).toBeLessThan(0.2)
    expect(Math.abs(median[ahead - 1]! / loads[COMING - 1]! - 1)).toBeLessThan(0.2)
  })

  it('is named in the explanation, whose parts sum to the path', async () => {
    const { parts, point, covariates } = await ask<ForecastExplanation>(
      'GET',
      '/v1/services/search/forecast/explanation',
    )
    for (let k = 0; k < point.length; k++)
      expect(parts.reduce((sum, { values }) => sum + values[k]!, 0)).toBeCloseTo(point[k]!, 6)
    const verdict = covariates.find(({ name }) => name === 'campaign')
    expect(verdict).toMatchObject({ used: true, form: 'multiplicative', note: '' })
    expect(verdict!.effect).toBeCloseTo(2, 0)
    expect(covariates.find(({ name }) => name !== 'campaign')).toMatchObject({ used: false })
    const campaign = parts.find(({ covariate }) => covariate === 'campaign')!
    expect(campaign.values[COMING - NOW - 1]).toBeCloseTo(0, 9)
    expect(campaign.values[COMING - NOW]! / point[COMING - NOW]!).toBeCloseTo(0.5, 1)
  })

  it('counts for something in the importance, which is worked out beside the ticks', async () => {
    const read = () => ask<FeatureImportance>('GET', '/v1/services/search/forecast/importance')
    expect(await read()).toMatchObject({ state: 'computing', inputs: [] })
    await expect.poll(read, { timeout: 60_000, interval: 200 }).toMatchObject({ state: 'ready' })
    const { inputs, neural } = await read()
    const season = inputs.find(
      ({ input, seasonMs }) => input === 'season' && seasonMs === DAY * STEP_MS,
    )
    expect(season!.lossRatio).toBeGreaterThan(1.5)
    expect(inputs.map(({ input }) => input)).toContain('recent')
    expect(neural).toEqual([])
  })

  it('called off, it is not; its loss when it comes all the same is many times larger', async () => {
    await ask('DELETE', `/v1/covariates/${stored[3]!.id}`)
    await pushLoads(NOW, NOW + 1)
    await tickAt(NOW + 1)
    const unknowing = await forecast()
    expect(lossAt(unknowing)).toBeGreaterThan(5 * lossAt(knowing))
  })

  it('is known again after a restart, and what campaigns do too', async () => {
    const { name, fromMs, toMs } = stored[3]!
    await ask('POST', '/v1/covariates', { events: [{ name, from: fromMs, to: toMs }] })
    await composed.close()
    composed = await start()
    await pushLoads(NOW + 1, NOW + 2)
    await tickAt(NOW + 2)
    const { items } = await ask<{ items: CovariateEvent[] }>(
      'GET',
      `/v1/covariates?service=search&from=${BEGAN_MS}&to=${atMs(COMING + DAY)}`,
    )
    expect(items).toEqual(stored)
    expect(lossAt(await forecast())).toBeLessThan(1.5 * lossAt(knowing))
  })

  it('while it is on is no drift and no anomaly', async () => {
    for (let t = NOW + 2; t < COMING + 6; t++) {
      await pushLoads(t, t + 1)
      await tickAt(t + 1)
    }
    expect(await forecast()).toMatchObject({ drifting: false })
    const { items } = await ask<{ items: { kind: string }[] }>('GET', '/v1/alerts?service=search')
    expect(items.filter(({ kind }) => kind === 'spike')).toEqual([])
  })
})
