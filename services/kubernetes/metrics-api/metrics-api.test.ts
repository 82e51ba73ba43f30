/** The metrics APIs without a cluster: lists of values, and a server that knows whom to believe. Selectors and the like: request-parts.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { AppConfig } from '../../config.ts'
import { createTestParts, testForecast } from '../../http/test-plane.ts'
import { ApiError } from '../api.ts'
import { milliQuantityOf } from '../manifests/quantity.ts'
import { DESIRED_SIGNAL, FORECAST_SIGNAL, LOAD_SIGNAL } from '../signal.ts'
import { makeCertificate, type TestCertificate } from '../test-certificates.ts'
import { createMetricsApp } from './app.ts'
import { MetricsApiConfig } from './config.ts'
import { metricsView } from './open.ts'
import { ownerCheck, ownersOf } from './owner.ts'
import { certificateFault } from './registration.ts'
import { requestInfo } from './request-info.ts'
import { createReviews } from './reviews.ts'
import { type MetricsServer, serveMetricsApi } from './server.ts'

const ADMIN = { username: 'admin', uid: '', groups: ['system:masters'], extra: {} }

function stage() {
  const parts = createTestParts()
  const { state } = parts
  const workloads = {
    search: { namespace: 'shop', name: 'search' },
    payment: { namespace: 'shop', name: 'payment' },
  }
  state.config = AppConfig.parse({ ...state.config, kubernetes: { workloads } })
  for (const service of ['search', 'payment'])
    state.forecasts.set(service, testForecast(service, state.nowMs))
  const app = createMetricsApp({
    apis: ['external', 'custom'],
    view: () => metricsView(parts.control),
    userOf: async () => ADMIN,
    mayDo: async () => ({ allowed: false, reason: '' }),
  })
  const get = async (url: string) => {
    const answer = await app.request(url)
    return { status: answer.status, body: JSON.parse(await answer.text()), answer }
  }
  return { ...parts, get }
}

describe('a list of values', () => {
  const external = (metric: string, selector = '') =>
    `/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/${metric}?labelSelector=${encodeURIComponent(selector)}`
  const custom = (name: string, metric: string, query = '') =>
    `/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/deployments.apps/${name}/${metric}?${query}`

  it('has one item for each workload that the selector leaves, at the configured level', async () => {
    const { get } = stage()
    expect((await get(external(LOAD_SIGNAL))).body.items).toHaveLength(2)
    const { items } = (await get(external(FORECAST_SIGNAL, 'service=search'))).body
    expect(items).toMatchObject([{ metricLabels: { service: 'search', level: '0.95' } }])
    const other = (await get(external(FORECAST_SIGNAL, 'service=search,level=0.5'))).body.items
    expect(other).toMatchObject([{ metricLabels: { level: '0.5' } }])
    expect(milliQuantityOf(other[0].value)).toBeLessThan(milliQuantityOf(items[0].value))
  })

  it('is empty where nothing is meant, and 404 for a metric with a slash', async () => {
    const { get } = stage()
    expect((await get(external('queue_length'))).body.items).toEqual([])
    expect((await get(external(LOAD_SIGNAL, 'service=nobody'))).body.items).toEqual([])
    expect((await get(external('queue/length'))).status).toBe(404)
  })

  it('is refused as a whole when one of its values is not there: a sum of the rest would be too little', async () => {
    const { get, state } = stage()
    state.forecasts.delete('payment')
    const { status, body, answer } = await get(external(FORECAST_SIGNAL))
    expect(status).toBe(503)
    expect(body).toMatchObject({ kind: 'Status', reason: 'ServiceUnavailable', code: 503 })
    expect(body.message).toMatch(/service payment has no value now \(no-forecast\)/)
    // client-go would repeat the request by itself, and hold the autoscaler up
    expect(answer.headers.get('retry-after')).toBeNull()
    expect((await get(external(FORECAST_SIGNAL, 'service=search'))).status).toBe(200)
  })

  it('does not let counts of two services, or two levels of one forecast, be added', async () => {
    const { get, state } = stage()
    Object.assign(state.services[1]!, { decision: state.services[0]!.decision })
    const counts = await get(external(DESIRED_SIGNAL))
    expect(counts).toMatchObject({ status: 400 })
    expect(counts.body.message).toMatch(/leaves 2 whose counts would be added: name one/)
    const levels = await get(external(FORECAST_SIGNAL, 'service=search,level in (0.5,0.95)'))
    expect(levels).toMatchObject({ status: 400 })
    expect((await get(external(LOAD_SIGNAL, 'a b'))).body.message).toMatch(/no label requirement/)
  })

  it('for one object has exactly one item or is an error, and for all leaves out what has no value', async () => {
    const { get, state } = stage()
    state.forecasts.delete('payment')
    expect((await get(custom('search', FORECAST_SIGNAL))).body.items).toHaveLength(1)
    expect((await get(custom('payment', FORECAST_SIGNAL))).status).toBe(503)
    expect((await get(custom('nobody', FORECAST_SIGNAL))).status).toBe(404)
    expect((await get(custom('search', 'other'))).body.message).toMatch(/there is no metric other/)
    expect((await get(custom('*', FORECAST_SIGNAL))).body.items).toHaveLength(1)
    expect((await get(custom('*', FORECAST_SIGNAL, 'labelSelector=app%3Dx'))).status).toBe(400)
    const { items } = (
      await get(custom('search', FORECAST_SIGNAL, 'metricLabelSelector=level%3D0.5'))
    ).body
    expect(items[0].metric.selector).toEqual({ matchLabels: { level: '0.5' } })
  })

  it('is found by both forms of discovery', async () => {
    const { get } = stage()
    const { body } = await get('/apis')
    expect(body.groups.map(({ name }: { name: string }) => name)).toEqual([
      'external.metrics.k8s.io',
      'custom.metrics.k8s.io',
    ])
    const { resources } = (await get('/apis/custom.metrics.k8s.io/v1beta1')).body
    expect(resources).toContainEqual({
      ...{ name: `deployments.apps/${LOAD_SIGNAL}`, singularName: '', namespaced: true },
      ...{ kind: 'MetricValueList', verbs: ['get'] },
    })
    expect((await get('/apis/external.metrics.k8s.io')).body.preferredVersion).toEqual({
      ...{ groupVersion: 'external.metrics.k8s.io/v1beta1', version: 'v1beta1' },
    })
  })
})

describe('a question to the cluster about a caller', () => {
  it('is asked once for some seconds, and again when it failed', async () => {
    let nowMs = 0
    let asked = 0
    let isThere = true
    const reviews = createReviews({
      ...{ keepMs: 1000, nowMs: () => nowMs },
      api: {
        async request() {
          asked++
          if (!isThere) throw new Error('away')
          return { status: { allowed: true } }
        },
      },
    })
    const ask = () => reviews.mayDo(ADMIN, requestInfo('/apis'))
    expect(await Promise.all([ask(), ask()])).toEqual([
      { allowed: true, reason: '' },
      { allowed: true, reason: '' },
    ])
    expect(asked).toBe(1)
    nowMs = 1000
    isThere = false
    await expect(ask()).rejects.toThrow('away')
    isThere = true
    await ask()
    expect(asked).toBe(3)
  })
})

describe('the server', () => {
  let dir: string
  const made = new Map<string, TestCertificate>()
  const opened: MetricsServer[] = []
  beforeAll(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'forescale-metrics-api-'))
    const make = (name: string, by?: string) =>
      made.set(
        name,
        makeCertificate(dir, name, { commonName: name, ...(by ? { by: made.get(by)! } : {}) }),
      )
    make('first-ca')
    make('second-ca')
    make('front-proxy-client', 'first-ca')
    make('somebody', 'first-ca')
    const own = { commonName: 'own', subjectAltName: 'DNS:localhost,IP:127.0.0.1' }
    made.set('own', makeCertificate(dir, 'own', own))
  })
  afterAll(() => rmSync(dir, { recursive: true }))
  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close()
  })

  const configMap = (ca: string) => ({
    data: {
      'requestheader-client-ca-file': made.get(ca)!.cert,
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    },
  })
  const config = (over = {}) => {
    const { certFile, keyFile } = made.get('own')!
    return MetricsApiConfig.parse({
      ...{ host: '127.0.0.1', port: 0, tls: { certFile, keyFile }, ...over },
    })
  }
  /** An API server that has the ConfigMap, tells when it changes, and knows nobody's token. */
  function clusterWith(ca: string) {
    let trusted = ca
    let wake = () => {}
    return {
      rotate(next: string) {
        trusted = next
        wake()
      },
      async request(_verb: string, at: string) {
        return at.includes('tokenreviews') ? { status: {} } : configMap(trusted)
      },
      async *watch(_path: string, _query: object, signal: AbortSignal) {
        while (!signal.aborted) {
          await new Promise<void>((resolve) => {
            wake = resolve
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
          yield {}
        }
      },
    }
  }
  const serve = async (api: unknown, over = {}) => {
    const { control } = stage()
    const server = await serveMetricsApi({
      ...{ config: config(over), view: () => metricsView(control), nowMs: () => 0 },
      ...{ api: api as never, log: pino({ level: 'silent' }), filesEveryMs: 20 },
    })
    opened.push(server)
    return server
  }
  const call = ({ url }: MetricsServer, name?: string, headers = {}) =>
    new Promise<number>((resolve, reject) => {
      const { cert, key } = (name && made.get(name)) || {}
      const target = `${url}/apis`
      const trust = { agent: false, rejectUnauthorized: false, headers }
      request(target, { ...trust, ...(cert ? { cert, key } : {}) }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode!))
      })
        .on('error', reject)
        .end()
    })
  const asAdmin = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' }

  it('believes the API server whom the cluster names, and no longer once another is named', async () => {
    const cluster = clusterWith('first-ca')
    const server = await serve(cluster)
    await expect.poll(() => call(server, 'front-proxy-client', asAdmin)).toBe(200)
    expect(await call(server, 'front-proxy-client')).toBe(401)
    expect(await call(server, 'somebody', asAdmin)).toBe(401)
    expect(await call(server, 'own', asAdmin)).toBe(401)
    expect(await call(server, undefined, asAdmin)).toBe(401)
    expect(await call(server, undefined, { authorization: 'Bearer nobody' })).toBe(401)
    cluster.rotate('second-ca')
    await expect.poll(() => call(server, 'front-proxy-client', asAdmin)).toBe(401)
    cluster.rotate('first-ca')
    await expect.poll(() => call(server, 'front-proxy-client', asAdmin)).toBe(200)
  })

  it('reads it from a file that is replaced, where that is configured', async () => {
    const caFile = path.join(dir, 'request-header-ca.crt')
    writeFileSync(caFile, made.get('second-ca')!.cert)
    const server = await serve(clusterWith('first-ca'), { requestHeader: { caFile } })
    expect(await call(server, 'front-proxy-client', asAdmin)).toBe(401)
    writeFileSync(caFile, made.get('first-ca')!.cert)
    await expect.poll(() => call(server, 'front-proxy-client', asAdmin)).toBe(200)
  })

  it('believes nobody while the cluster does not say whom', async () => {
    const away = { request: async () => Promise.reject(new Error('away')), watch: () => {} }
    const server = await serve(away)
    expect(server.isTrusting()).toBe(false)
    expect(await call(server, 'front-proxy-client', asAdmin)).toBe(401)
    expect(await call(server, undefined, { authorization: 'Bearer any' })).toBe(503)
  })

  it('says what the API server will find wrong with its certificate', () => {
    expect(certificateFault(config(), Date.now())).toMatch(
      /does not name forescale-metrics\.forescale\.svc; it names DNS:localhost/,
    )
  })
})

describe('whose a metrics API is', () => {
  it('is told for each that is served, with what can be done', async () => {
    const service = { namespace: 'forescale', name: 'forescale-metrics', port: 443 }
    const owned = new Map<string, unknown>([
      ['v1beta1.external.metrics.k8s.io', { spec: { service: { namespace: 'keda', name: 'k' } } }],
      [
        'v1beta2.custom.metrics.k8s.io',
        {
          spec: { service },
          status: { conditions: [{ type: 'Available', status: 'False', message: 'no route' }] },
        },
      ],
    ])
    const owners = await ownersOf(
      {
        async request(_verb, at) {
          const found = owned.get(at.split('/').at(-1)!)
          if (!found) throw new ApiError(404, 'NotFound', 'there is none')
          return found
        },
      },
      { apis: ['external', 'custom'], service },
    )
    const told = [...owners].map(([name, owner]) => ownerCheck(name, owner))
    expect(told.map(({ detail }) => detail)).toEqual([
      expect.stringContaining('served by keda/k, and not taken over'),
      'registered here, and not reached: no route',
      expect.stringContaining('not registered: nobody asks us'),
    ])
    expect(told.every(({ ok, degraded }) => ok && degraded)).toBe(true)
  })
})
