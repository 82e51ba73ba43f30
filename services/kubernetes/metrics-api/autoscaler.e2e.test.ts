/**
 * The metrics APIs behind a real API server, read by the real HPA controller: what we say is what is scaled to, and what we
 * cannot say changes nothing.
 */
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { register as registerApiServices } from '../../cli/commands/k8s-api-service.ts'
import { AppConfig } from '../../config.ts'
import { createTestParts, testForecast } from '../../http/test-plane.ts'
import { type ClusterApi, createClusterApi } from '../api.ts'
import { FORECAST_SIGNAL, SignalConfig, signalInputs, signalOf } from '../signal.ts'
import { makeCertificate } from '../test-certificates.ts'
import {
  CONTROL_PLANE_HERE,
  startControlPlane,
  type TestControlPlane,
} from '../test-control-plane.ts'
import { MetricsApiConfig } from './config.ts'
import { metricsView } from './open.ts'
import { ownersOf } from './owner.ts'
import { apiServices, caBundleOf } from './registration.ts'
import { type MetricsServer, serveMetricsApi } from './server.ts'

const NAMESPACE = 'shop'
const EXTERNAL = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${NAMESPACE}`
/** Long against the HPA's second between two looks and its five of stabilization. */
const FALLBACK_TIME_MS = 7000

const deployment = (name: string, replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: pause, image: none.invalid/pause}]}
`
const autoscaler = (name: string, metric: string, target: string) => `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: ${name}, namespace: ${NAMESPACE}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}
  minReplicas: 1
  maxReplicas: 60
  metrics:
  - type: External
    external:
      metric: {name: ${metric}, selector: {matchLabels: {workload: ${name}}}}
      target: {type: AverageValue, averageValue: "${target}"}
`

describe.runIf(CONTROL_PLANE_HERE)('the metrics APIs in a cluster', () => {
  const parts = createTestParts()
  const { state } = parts
  const [searchBefore, paymentBefore] = structuredClone(state.services)
  let plane: TestControlPlane
  let api: ClusterApi
  let config: MetricsApiConfig
  let server: MetricsServer

  const serve = async () => {
    server = await serveMetricsApi({
      ...{ config, api, nowMs: () => performance.now(), log: pino({ level: 'silent' }) },
      view: () => metricsView(parts.control),
    })
  }
  const said: string[] = []
  const register = () =>
    registerApiServices(api, config, apiServices(config, caBundleOf(config)), (line) =>
      said.push(line),
    )
  const raw = async (path: string) => JSON.parse(await plane.kubectl('get', '--raw', path))
  const replicasOf = async (name: string) => {
    const text = await plane.kubectl('-n', NAMESPACE, 'get', 'deployment', name, '-o', 'json')
    return JSON.parse(text).spec.replicas as number
  }
  /** What the HPA says of itself. */
  const conditionsOf = async (name: string) =>
    plane.kubectl('-n', NAMESPACE, 'get', 'hpa', name, '-o', 'jsonpath={.status.conditions}')
  const becomes = (name: string, replicas: number) =>
    expect.poll(() => replicasOf(name), { timeout: 30_000, interval: 250 }).toBe(replicas)
  const forecastOf = () => {
    const signal = signalOf(
      FORECAST_SIGNAL,
      signalInputs(parts.control)('search')!,
      SignalConfig.parse({}),
    )
    return signal.kind === 'value' ? signal.value : Number.NaN
  }
  /** The forecast of every step, requests/s. */
  const foresee = (rps: number) => {
    const forecast = testForecast('search', state.nowMs)
    forecast.point.fill(rps)
    state.forecasts.set('search', forecast)
  }
  const decide = (to: number) => {
    const decision = { ...searchBefore!.decision!, service: 'payment', atMs: state.nowMs, to }
    Object.assign(state.services[1]!, { decision })
  }

  beforeAll(async () => {
    plane = await startControlPlane()
    api = createClusterApi(plane.config)
    const { certFile, keyFile } = makeCertificate(plane.dir, 'metrics', {
      commonName: 'forescale-metrics',
      subjectAltName: 'DNS:forescale-metrics.kube-system.svc,DNS:localhost,IP:127.0.0.1',
    })
    const port = await getPort({ host: '127.0.0.1' })
    config = MetricsApiConfig.parse({
      ...{ host: '127.0.0.1', port, tls: { certFile, keyFile }, reviewCacheMs: 500 },
      service: { namespace: 'kube-system', port },
    })
    const workloads = {
      search: { namespace: NAMESPACE, name: 'search' },
      payment: { namespace: NAMESPACE, name: 'payment' },
    }
    state.config = AppConfig.parse({ ...state.config, kubernetes: { workloads } })
    await serve()
    await plane.kubectl('create', 'namespace', NAMESPACE)
  }, 120_000)
  afterAll(async () => {
    await server?.close()
    await api?.close()
    await plane?.stop()
  })
  beforeEach(() => {
    state.services = [structuredClone(searchBefore!), structuredClone(paymentBefore!)]
    foresee(40)
    decide(10)
  })

  it('are left to who serves them already', async () => {
    const keda = { ...config, service: { namespace: 'keda', name: 'keda-metrics', port: 443 } }
    const [theirs] = apiServices(keda, caBundleOf(config))
    await plane.apply(JSON.stringify(theirs))
    const owners = await ownersOf(api, config)
    expect(owners.get('v1beta1.external.metrics.k8s.io')).toEqual({
      ...{ kind: 'other', owner: 'keda/keda-metrics' },
    })
    expect(owners.get('v1beta2.custom.metrics.k8s.io')).toEqual({ kind: 'absent' })
    await expect(register()).rejects.toThrow(/is served by keda\/keda-metrics; nothing was changed/)
    expect((await ownersOf(api, config)).get('v1beta2.custom.metrics.k8s.io')).toEqual({
      kind: 'absent',
    })
    await plane.kubectl('delete', 'apiservice', 'v1beta1.external.metrics.k8s.io')
  })

  it('are found by the API server once they are registered', async () => {
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service' },
      metadata: { name: config.service.name, namespace: config.service.namespace },
      spec: { type: 'ExternalName', externalName: 'localhost' },
    }
    await plane.apply(JSON.stringify(service))
    await register()
    expect(said).toHaveLength(3)
    const kinds = async () =>
      [...(await ownersOf(api, config)).values()].map((one) =>
        one.kind === 'ours' ? one.available : one.kind,
      )
    await expect.poll(kinds, { timeout: 30_000 }).toEqual([true, true, true])
    const resources = () => plane.kubectl('api-resources', '--api-group=external.metrics.k8s.io')
    await expect
      .poll(resources, { timeout: 30_000, interval: 500 })
      .toMatch(
        /externalmetrics\s+external\.metrics\.k8s\.io\/v1beta1\s+true\s+ExternalMetricValueList/,
      )
  })

  it('answer kubectl in the shapes of the contract', async () => {
    const value = `${Math.ceil(forecastOf() * 1000)}m`
    const measured = { timestamp: new Date(state.nowMs).toISOString().replace('.000', ''), value }
    expect(await raw(`${EXTERNAL}/${FORECAST_SIGNAL}?labelSelector=service%3Dsearch`)).toEqual({
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items: [
        {
          metricName: FORECAST_SIGNAL,
          metricLabels: {
            ...{ service: 'search', namespace: NAMESPACE, workload: 'search' },
            ...{ kind: 'Deployment', level: '0.95' },
          },
          ...measured,
          window: 49,
        },
      ],
    })
    const custom = (version: string) =>
      raw(
        `/apis/custom.metrics.k8s.io/${version}/namespaces/${NAMESPACE}/deployments.apps/search/${FORECAST_SIGNAL}`,
      )
    const describedObject = {
      ...{ kind: 'Deployment', namespace: NAMESPACE, name: 'search', apiVersion: 'apps/v1' },
    }
    const metric = { name: FORECAST_SIGNAL, selector: null }
    expect((await custom('v1beta2')).items).toEqual([
      { describedObject, metric, ...measured, windowSeconds: 49 },
    ])
    expect((await custom('v1beta1')).items).toEqual([
      { describedObject, metricName: FORECAST_SIGNAL, ...measured, window: 49, selector: null },
    ])
    expect((await raw(`${EXTERNAL}/nobody`)).items).toEqual([])
  })

  it('scale a Deployment ahead of the forecast peak, and hold it when nothing can be said', async () => {
    await plane.apply(deployment('search', 2))
    await plane.apply(autoscaler('search', FORECAST_SIGNAL, '10'))
    const wanted = () => Math.ceil(forecastOf() / 10)
    await becomes('search', wanted())
    foresee(90)
    const peak = wanted()
    expect(peak).toBe(11)
    await becomes('search', peak)

    const holds = async (what: string) => {
      const until = Date.now() + FALLBACK_TIME_MS
      await expect
        .poll(() => conditionsOf('search'), { timeout: 15_000 })
        .toMatch(/"reason":"FailedGetExternalMetric"/)
      while (Date.now() < until) {
        expect(await replicasOf('search'), what).toBe(peak)
        await sleep(500)
      }
    }
    foresee(Number.NaN)
    await holds('a forecast that is no number')
    foresee(10)
    Object.assign(state.services[0]!, { freshness: 'stale' })
    await holds('a load that is stale')
    // gone before there is a value again: it would be followed at once
    await server.close()
    Object.assign(state.services[0]!, { freshness: 'fresh' })
    await holds('no server')
    await serve()
    await becomes('search', wanted())
  }, 120_000)

  it('carry decided replicas, of which the HPA swallows the small steps', async () => {
    await plane.apply(deployment('payment', 10))
    await expect
      .poll(() =>
        plane.kubectl(
          ...['-n', NAMESPACE, 'get', 'deployment', 'payment'],
          ...['-o', 'jsonpath={.status.replicas}'],
        ),
      )
      .toBe('10')
    await plane.apply(autoscaler('payment', 'forescale_workload_desired_replicas', '1'))
    // wish, what becomes of it: at 10 the smallest executed step is 2, at 20 it is 3 (CONTRACTS.md §1)
    for (const [wish, executed] of [
      [11, 10],
      [12, 12],
      [20, 20],
      [22, 20],
      [23, 23],
      [10, 10],
      [9, 10],
      [8, 8],
    ] as const) {
      decide(wish)
      await becomes('payment', executed)
      if (executed !== wish) {
        // upwards nothing waits; downwards what was wished before stands for five seconds
        await sleep(wish > executed ? 2500 : FALLBACK_TIME_MS)
        expect(await replicasOf('payment'), `wish ${wish}`).toBe(executed)
      }
    }
  }, 120_000)

  it('do not carry replicas of a service that is not enforced', async () => {
    Object.assign(state.services[1]!, { mode: 'recommend' })
    const path = (metric: string) => `${EXTERNAL}/${metric}?labelSelector=service%3Dpayment`
    await expect(raw(path('forescale_workload_desired_replicas'))).rejects.toThrow(
      /no value now \(not-enforced\): the mode is recommend/,
    )
    const { items } = await raw(path('forescale_workload_recommended_replicas'))
    expect(items).toMatchObject([{ value: '10' }])
  })

  it('are in the OpenAPI document of the cluster', async () => {
    const paths = async () => Object.keys((await raw('/openapi/v3')).paths)
    await expect.poll(paths, { timeout: 20_000 }).toContain('apis/external.metrics.k8s.io/v1beta1')
    const own = await raw('/openapi/v3/apis/external.metrics.k8s.io/v1beta1')
    expect(own.components.schemas).toHaveProperty('ExternalMetricValueList')
  })

  describe('called directly', () => {
    const PATH = `${EXTERNAL}/${FORECAST_SIGNAL}?labelSelector=service%3Dsearch`
    const call = (options: { headers?: Record<string, string>; cert?: string; key?: string }) =>
      new Promise<number>((resolve, reject) => {
        const target = { host: '127.0.0.1', port: config.port, path: PATH, agent: false }
        // the server's certificate is of this test's own making
        request({ ...target, rejectUnauthorized: false, ...options }, (answer) => {
          answer.resume()
          answer.on('end', () => resolve(answer.statusCode ?? 0))
        })
          .on('error', reject)
          .end()
      })
    const claims = { 'X-Remote-User': 'admin', 'X-Remote-Group': 'system:masters' }

    it('believe headers only with a certificate of the front proxy', async () => {
      const pair = async ({ cert, key }: { cert: string; key: string }) => ({
        cert: await readFile(cert, 'utf8'),
        key: await readFile(key, 'utf8'),
      })
      expect(await call({})).toBe(401)
      expect(await call({ headers: claims })).toBe(401)
      const admin = await pair({ cert: `${plane.dir}/admin.crt`, key: `${plane.dir}/admin.key` })
      expect(await call({ headers: claims, ...admin })).toBe(401)
      expect(await call({ headers: claims, ...(await pair(plane.frontProxyClient)) })).toBe(200)
      expect(await call(await pair(plane.frontProxyClient))).toBe(401)
    })

    it('ask the cluster whose a token is and what its bearer may do', async () => {
      const kubectl = (...args: string[]) => plane.kubectl('-n', NAMESPACE, ...args)
      await kubectl('create', 'serviceaccount', 'reader')
      const token = (await kubectl('create', 'token', 'reader')).trim()
      const headers = { authorization: `Bearer ${token}` }
      expect(await call({ headers: { authorization: 'Bearer wrong' } })).toBe(401)
      expect(await call({ headers })).toBe(403)
      await plane.apply(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: ${NAMESPACE}}
rules: [{apiGroups: [external.metrics.k8s.io], resources: ["*"], verbs: [list]}]
`)
      await kubectl(
        'create',
        'rolebinding',
        'reader',
        '--role=reader',
        `--serviceaccount=${NAMESPACE}:reader`,
      )
      await expect.poll(() => call({ headers }), { timeout: 10_000 }).toBe(200)
    })
  })
})
