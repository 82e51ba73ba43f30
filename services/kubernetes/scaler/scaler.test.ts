/** The scaler, spoken to by a real gRPC client: every rpc, what is wrong with a request, and what is said when nothing can be. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Client } from '@grpc/grpc-js'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../../config.ts'
import { createTestParts, testForecast } from '../../http/test-plane.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL, LOAD_SIGNAL } from '../signal.ts'
import { makeCertificate, type TestCertificate } from '../test-certificates.ts'
import { ScalerConfig } from './config.ts'
import { loadScalerProtos, type Scaler, serveScaler } from './server.ts'
import { createTargets } from './specs.ts'

const NAMESPACE = 'shop'
const HEARTBEAT_MS = 300
const { grpc, ExternalScaler, Health } = await loadScalerProtos()
const log = pino({ level: 'silent' })
const opened: { close(): unknown }[] = []

let parts: ReturnType<typeof createTestParts>
let scaler: Scaler
let client: Client

function stage() {
  parts = createTestParts()
  const { state } = parts
  const workloads = {
    search: { namespace: NAMESPACE, name: 'search' },
    payment: { namespace: 'elsewhere', name: 'payment' },
  }
  state.config = AppConfig.parse({ ...state.config, kubernetes: { workloads } })
  Object.assign(state.services[0]!, { loadRps: 45, freshness: 'fresh' })
}
const start = async (over: object = {}, credentials = grpc.credentials.createInsecure()) => {
  scaler = await serveScaler({
    config: ScalerConfig.parse({ port: 0, heartbeatMs: HEARTBEAT_MS, ...over }),
    ...{ control: parts.control, log, lookEveryMs: 20, filesEveryMs: 50 },
  })
  client = connect(credentials)
  opened.push(scaler)
}
function connect(credentials = grpc.credentials.createInsecure()): Client {
  const made = new ExternalScaler(scaler.address, credentials)
  opened.push(made)
  return made
}
beforeEach(stage)
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close()
})

const ref = (scalerMetadata: Record<string, string> = {}, name = 'search') => ({
  ...{ name, namespace: NAMESPACE, scalerMetadata },
})
/** The answer, or `CODE: details`. */
function ask(rpc: string, request: object, by = client): Promise<unknown> {
  return new Promise((resolve) => {
    const limit = { deadline: Date.now() + 5000 }
    Reflect.get(by, rpc).call(
      by,
      request,
      limit,
      (error: { code: number; details: string }, answer: unknown) =>
        resolve(error ? `${grpc.status[error.code]}: ${error.details}` : answer),
    )
  })
}
const metric = (metricName: string, metadata = {}, name = 'search') =>
  ask('GetMetrics', { scaledObjectRef: ref(metadata, name), metricName })

/** What comes on a stream, until the returned call. */
function listen(rpc: string, request: object) {
  const said: unknown[] = []
  const call = Reflect.get(client, rpc).call(client, request)
  call.on('data', (answer: unknown) => said.push(answer))
  call.on('error', (error: { code: number }) => said.push(grpc.status[error.code]))
  opened.push({ close: () => call.cancel() })
  return { said, cancel: () => call.cancel() }
}

const foresee = (rps: number) => {
  const forecast = testForecast('search', parts.state.nowMs)
  forecast.point.fill(rps)
  parts.state.forecasts.set('search', forecast)
}
const search = () => parts.state.services[0]!

describe('the external scaler', () => {
  beforeEach(() => start())

  it('has a spec for the forecast and one for the observed load, with what a replica was learned to carry', async () => {
    // 11.8 requests/s a replica, of which 0.8 are aimed at
    expect(await ask('GetMetricSpec', ref())).toEqual({
      metricSpecs: [FORECAST_SIGNAL, LOAD_SIGNAL].map((metricName) => ({
        ...{ metricName, targetSize: 9, targetSizeFloat: 9.44 },
      })),
    })
    expect(await ask('GetMetricSpec', ref({ signal: DESIRED_SIGNAL }))).toEqual({
      metricSpecs: [{ metricName: DESIRED_SIGNAL, targetSize: 1, targetSizeFloat: 1 }],
    })
    expect(await ask('GetMetricSpec', ref({ targetPerReplica: '2.5' }))).toMatchObject({
      metricSpecs: [{ targetSizeFloat: 2.5 }, { targetSizeFloat: 2.5 }],
    })
  })

  it('has values for its specs: the forecast by the level asked for, the load, the decided count', async () => {
    foresee(100)
    // the band is ±40 % of the distance of the level from the middle
    expect(await metric(FORECAST_SIGNAL)).toEqual({
      metricValues: [{ metricName: FORECAST_SIGNAL, metricValue: 118, metricValueFloat: 118 }],
    })
    expect(await metric(FORECAST_SIGNAL, { level: '0.5' })).toMatchObject({
      metricValues: [{ metricValueFloat: 100 }],
    })
    expect(await metric(LOAD_SIGNAL)).toMatchObject({ metricValues: [{ metricValueFloat: 45 }] })
    const { to } = search().decision!
    expect(await metric(DESIRED_SIGNAL, { signal: DESIRED_SIGNAL })).toMatchObject({
      metricValues: [{ metricValueFloat: to }],
    })
    expect(await metric('other')).toMatch(/^INVALID_ARGUMENT: metricName: "other" is not allowed/)
  })

  it('says 0 by leaving both numbers at 0, where 0 is known', async () => {
    Object.assign(search(), { loadRps: 0 })
    expect(await metric(LOAD_SIGNAL)).toEqual({
      metricValues: [{ metricName: LOAD_SIGNAL, metricValue: 0, metricValueFloat: 0 }],
    })
  })

  it('is active by forecast or by observation, and idle only when both are known to be low', async () => {
    const active = (metadata = {}) => ask('IsActive', ref({ activationRps: '1', ...metadata }))
    foresee(5)
    Object.assign(search(), { loadRps: 0 })
    expect(await active()).toEqual({ result: true })
    foresee(0)
    Object.assign(search(), { loadRps: 5 })
    expect(await active()).toEqual({ result: true })
    Object.assign(search(), { loadRps: 0 })
    expect(await active()).toEqual({ result: false })
    foresee(Number.NaN)
    expect(await active()).toMatch(/^UNAVAILABLE: service search \(refused\)/)
  })

  it('wakes a service for a peak within the time that KEDA, the autoscaler and the start-up take', async () => {
    // lead time 19 s and a tick of 15 s; KEDA asks every 30 s: 64 s ahead is the fifth step of 15 s
    Object.assign(search(), { loadRps: 0 })
    const peakAt = (step: number) => {
      const forecast = testForecast('search', parts.state.nowMs)
      forecast.point.fill(0)
      forecast.point[step] = 50
      parts.state.forecasts.set('search', forecast)
    }
    const active = (seconds: string) =>
      ask('IsActive', ref({ activationRps: '1', pollingIntervalSeconds: seconds }))
    peakAt(4)
    expect(await active('30')).toEqual({ result: true })
    peakAt(5)
    expect(await active('30')).toEqual({ result: false })
    expect(await active('60')).toEqual({ result: true })
  })

  it.each([
    ['expired', () => (parts.state.nowMs += 76_000)],
    ['no forecast', () => parts.state.forecasts.delete('search')],
    ['not a number', () => foresee(Number.NaN)],
    ['infinite', () => foresee(Number.POSITIVE_INFINITY)],
    ['stale load', () => Object.assign(search(), { freshness: 'stale' })],
    ['ticks have stopped', () => (parts.state.lastTick = undefined)],
  ])('answers UNAVAILABLE and never a number: %s', async (_, spoil) => {
    spoil()
    expect(await metric(FORECAST_SIGNAL)).toMatch(/^UNAVAILABLE: service search/)
    Object.assign(search(), { loadRps: 0 })
    expect(await ask('IsActive', ref())).toMatch(/^UNAVAILABLE/)
    // but a spec always stands: without one KEDA's autoscaler would fall back to CPU
    expect(await ask('GetMetricSpec', ref())).toHaveProperty('metricSpecs')
  })

  it('carries no counts of a service that is not enforced, and does not wake it by them', async () => {
    Object.assign(search(), { mode: 'recommend' })
    const replicas = { signal: DESIRED_SIGNAL }
    expect(await metric(DESIRED_SIGNAL, replicas)).toMatch(/^UNAVAILABLE: .*not-enforced/)
    expect(await ask('IsActive', ref(replicas))).toMatch(/^UNAVAILABLE: .*not-enforced/)
  })

  it('streams activity at once, on change and with every heartbeat, and ends it when nothing can be said', async () => {
    foresee(0)
    Object.assign(search(), { loadRps: 0 })
    const { said } = listen('StreamIsActive', ref({ activationRps: '1' }))
    await expect.poll(() => said).toEqual([{ result: false }])
    foresee(20)
    await expect.poll(() => said).toEqual([{ result: false }, { result: true }])
    await expect.poll(() => said.length, { timeout: 5 * HEARTBEAT_MS }).toBeGreaterThan(2)
    expect(said.slice(1).every((answer) => JSON.stringify(answer) === '{"result":true}')).toBe(true)
    Object.assign(search(), { freshness: 'dead' })
    await expect.poll(() => said.at(-1)).toBe('UNAVAILABLE')
    const again = listen('StreamIsActive', ref())
    await expect.poll(() => again.said).toEqual(['UNAVAILABLE'])
  })

  it('streams specs at once and when the learned capacity has moved, the same as it answers', async () => {
    const { said } = listen('StreamMetricSpec', ref())
    const specs = () => ask('GetMetricSpec', ref())
    await expect.poll(() => said).toHaveLength(1)
    expect(said[0]).toEqual(await specs())
    Object.assign(search(), { capacityPerReplica: 12 })
    expect(await specs()).toEqual(said[0])
    Object.assign(search(), { capacityPerReplica: 20 })
    await expect.poll(() => said).toHaveLength(2)
    expect(said[1]).toEqual(await specs())
    expect(said[1]).toMatchObject({ metricSpecs: [{ targetSizeFloat: 16 }, {}] })
  })

  it.each([
    [{ level: '0.42' }, /scalerMetadata\.level: "0\.42" is not allowed; allowed: 0\.01, /],
    [
      { signal: 'cpu' },
      /scalerMetadata\.signal: "cpu" is not allowed; allowed: forescale_workload_forecast_/,
    ],
    [
      { targetPerReplica: '-3' },
      /scalerMetadata\.targetPerReplica: "-3" is not allowed; allowed: a number above 0/,
    ],
    [{ activationRps: 'NaN' }, /activationRps: "NaN" .*allowed: a number of at least 0/],
    [
      { tragetPerReplica: '3' },
      /scalerMetadata\.tragetPerReplica: "3" .*allowed: only service, workload, /,
    ],
    [{ service: 'payment' }, /service: "payment" .*allowed: services of namespace shop: search$/],
    [{ workload: 'web' }, /workload: "web" .*allowed: workloads of namespace shop: search$/],
    [{ level: 'x', signal: 'y' }, /signal: "y".*; scalerMetadata\.level: "x"/],
    [
      { signal: DESIRED_SIGNAL, targetPerReplica: '2' },
      /targetPerReplica: "2" .*1 where signal is forescale_/,
    ],
  ])('refuses %o with field, value and what is allowed', async (metadata, message) => {
    for (const rpc of ['IsActive', 'GetMetricSpec']) {
      const answer = await ask(rpc, ref(metadata as Record<string, string>))
      expect(answer).toMatch(/^INVALID_ARGUMENT: /)
      expect(answer).toMatch(message)
    }
  })

  it('takes the keys of KEDA itself, what comes from the environment, and the ScaledObject’s own name', async () => {
    const keda = { scalerAddress: 'forescale:9443', enableTLS: 'true', serviceFromEnv: 'search' }
    expect(await ask('IsActive', ref(keda, 'any'))).toEqual({ result: true })
    expect(await ask('IsActive', ref({}, 'any'))).toMatch(/^INVALID_ARGUMENT: .*workload: "any"/)
  })

  it('is healthy while ticks go on', async () => {
    const health = new Health(scaler.address, grpc.credentials.createInsecure())
    opened.push(health)
    expect(await ask('Check', {}, health)).toEqual({ status: 'SERVING' })
    parts.state.lastTick = undefined
    expect(await ask('Check', {}, health)).toEqual({ status: 'NOT_SERVING' })
  })
})

describe('the external scaler by TLS', () => {
  let dir: string
  let ca: TestCertificate
  let first: TestCertificate
  let second: TestCertificate
  let stranger: TestCertificate
  const own = { commonName: 'forescale', subjectAltName: 'IP:127.0.0.1' }
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'forescale-scaler-'))
    ca = makeCertificate(dir, 'ca', { commonName: 'ca' })
    first = makeCertificate(dir, 'first', { ...own, by: ca })
    second = makeCertificate(dir, 'second', own)
    stranger = makeCertificate(dir, 'stranger', { commonName: 'stranger' })
  })
  afterAll(() => rmSync(dir, { recursive: true }))
  const live = () => ({ certFile: path.join(dir, 'live.crt'), keyFile: path.join(dir, 'live.key') })
  const use = ({ certFile, keyFile }: TestCertificate) => {
    copyFileSync(keyFile, live().keyFile)
    copyFileSync(certFile, live().certFile)
  }
  const trusting = (authority: TestCertificate, showing?: TestCertificate) =>
    grpc.credentials.createSsl(
      readFileSync(authority.certFile),
      showing ? Buffer.from(showing.key) : null,
      showing ? Buffer.from(showing.cert) : null,
    )
  const answers = (credentials: ReturnType<typeof trusting>) =>
    ask('IsActive', ref(), connect(credentials))

  it('shows its certificate, and the next one when the files change', async () => {
    use(first)
    await start({ tls: live() })
    expect(await answers(trusting(ca))).toEqual({ result: true })
    expect(await answers(trusting(second))).toMatch(/^UNAVAILABLE/)
    use(second)
    await expect
      .poll(() => answers(trusting(second)), { timeout: 10_000 })
      .toEqual({ result: true })
  })

  it('asks for a certificate of the configured authority, and is not there for others', async () => {
    use(first)
    await start({ tls: { ...live(), clientCaFile: ca.certFile } })
    expect(await answers(trusting(ca, first))).toEqual({ result: true })
    expect(await answers(trusting(ca))).toMatch(/^UNAVAILABLE/)
    expect(await answers(trusting(ca, stranger))).toMatch(/^UNAVAILABLE/)
  })

  it('names the setting whose file is not there, and the address that cannot be had', async () => {
    await expect(start({ tls: { certFile: '/nowhere', keyFile: '/nowhere' } })).rejects.toThrow(
      'kubernetes.scaler.tls.certFile: "/nowhere" cannot be read; allowed: a readable PEM file',
    )
    await start()
    const port = Number(scaler.address.split(':')[1])
    await expect(start({ port })).rejects.toThrow(/kubernetes\.scaler: cannot listen on 127/)
  })
})

describe('a target', () => {
  it('stays until what was learned has left it by a tenth', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.5, max: 500, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (capacities) => {
          const targets = createTargets()
          let before: number | undefined
          for (const capacity of capacities) {
            const now = targets.targetRps('search', capacity)
            expect(Math.abs(now - capacity)).toBeLessThanOrEqual(0.1 * now + 0.005 * capacity)
            if (before !== undefined && now !== before)
              expect(Math.abs(capacity - before)).toBeGreaterThan(0.1 * before)
            before = now
          }
        },
      ),
    )
  })
})
