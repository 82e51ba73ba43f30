/** KEDA's own operator and adapter at our scaler: a service wakes from zero before its peak, and nothing is taken away when nothing can be said. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppConfig } from '../../config.ts'
import { createTestParts, testForecast } from '../../http/test-plane.ts'
import { startControlPlane, type TestControlPlane } from '../test-control-plane.ts'
import { ScalerConfig } from './config.ts'
import { type Scaler, serveScaler } from './server.ts'
import { KEDA_HERE, startKeda, type TestKeda } from './test-keda.ts'

const NAMESPACE = 'shop'
const PEAK_RPS = 72
const TARGET_RPS = 10
/** Long against KEDA's poll of a second, its cooldown of two and the HPA's five of stabilization. */
const FALLBACK_TIME_MS = 7000
const LOG_SHOWN = 2000

const manifests = (scalerAddress: string) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: search, namespace: ${NAMESPACE}}
spec:
  replicas: 1
  selector: {matchLabels: {app: search}}
  template:
    metadata: {labels: {app: search}}
    spec: {containers: [{name: pause, image: none.invalid/pause}]}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: search, namespace: ${NAMESPACE}}
spec:
  scaleTargetRef: {name: search}
  pollingInterval: 1
  cooldownPeriod: 2
  minReplicaCount: 0
  maxReplicaCount: 20
  fallback: {failureThreshold: 3, replicas: 2, behavior: currentReplicasIfHigher}
  triggers:
  - type: external-push
    metadata:
      scalerAddress: ${scalerAddress}
      service: search
      targetPerReplica: "${TARGET_RPS}"
      activationRps: "1"
`

describe.runIf(KEDA_HERE)('KEDA', () => {
  const parts = createTestParts()
  const { state } = parts
  let plane: TestControlPlane
  let keda: TestKeda
  let scaler: Scaler

  const serve = async (port = 0) => {
    scaler = await serveScaler({
      config: ScalerConfig.parse({ port }),
      ...{ control: parts.control, log: pino({ level: 'silent' }), lookEveryMs: 100 },
    })
  }
  const foresee = (rps: number) => {
    const forecast = testForecast('search', state.nowMs)
    forecast.point.fill(rps)
    state.forecasts.set('search', forecast)
  }
  const observe = (loadRps: number) => Object.assign(state.services[0]!, { loadRps })
  const replicas = async () => {
    const text = await plane.kubectl('-n', NAMESPACE, 'get', 'deployment', 'search', '-o', 'json')
    return JSON.parse(text).spec.replicas as number
  }
  const becomes = async (count: number, timeout = 40_000) => {
    await expect
      .poll(replicas, { timeout, interval: 500 })
      .toBe(count)
      .catch(async (error) => {
        const logs = await Promise.all(
          ['keda-operator', 'keda-adapter'].map((name) =>
            readFile(path.join(plane.dir, `${name}.log`), 'utf8'),
          ),
        )
        const hpa = await plane.kubectl('-n', NAMESPACE, 'describe', 'hpa')
        const tails = [...logs, hpa].map((text) => text.slice(-LOG_SHOWN))
        throw new Error([error.message, ...tails].join('\n'), { cause: error })
      })
  }
  const stays = async (count: number, what: string) => {
    const until = Date.now() + FALLBACK_TIME_MS
    while (Date.now() < until) {
      expect(await replicas(), what).toBe(count)
      await sleep(500)
    }
  }

  beforeAll(async () => {
    plane = await startControlPlane()
    const workloads = { search: { namespace: NAMESPACE, name: 'search' } }
    state.config = AppConfig.parse({ ...state.config, kubernetes: { workloads } })
    foresee(0)
    observe(0)
    await serve()
    await plane.kubectl('create', 'namespace', NAMESPACE)
    keda = await startKeda(plane)
    await plane.apply(manifests(scaler.address))
  }, 120_000)
  afterAll(async () => {
    await keda?.stop()
    await scaler?.close()
    await plane?.stop()
  })

  it('sends a service to zero that neither has nor expects load', async () => {
    await becomes(0, 60_000)
  }, 70_000)

  it('wakes it and scales it out before the peak, while nothing is observed yet', async () => {
    foresee(PEAK_RPS)
    // the 0.95 quantile is 18 % above the middle
    await becomes(Math.ceil((PEAK_RPS * 1.18) / TARGET_RPS), 60_000)
  }, 70_000)

  it('takes nothing away while the forecast is refused, or the scaler gone', async () => {
    const peak = Math.ceil((PEAK_RPS * 1.18) / TARGET_RPS)
    foresee(Number.NaN)
    await stays(peak, 'refused')
    const port = Number(scaler.address.split(':')[1])
    await scaler.close()
    await stays(peak, 'gone')
    await serve(port)
  }, 60_000)

  it('sends it back to zero when the quiet is known, and not before', async () => {
    Object.assign(state.services[0]!, { freshness: 'stale' })
    foresee(0)
    await stays(Math.ceil((PEAK_RPS * 1.18) / TARGET_RPS), 'stale')
    Object.assign(state.services[0]!, { freshness: 'fresh' })
    await becomes(0, 90_000)
  }, 120_000)
})
