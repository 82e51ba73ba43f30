/**
 * Road 4 end to end: the real controller as a process, a real API server with its real controllers, simulated nodes. A
 * Deployment is scaled ahead of a peak that comes back every 40 seconds, a cut of the budget is seen in its replicas, and
 * nothing changes when the loads stop coming or Forescale is killed.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type ClusterOf, NAMESPACE, startClusterOf } from '../test-cluster-of.ts'
import { CONTROL_PLANE_HERE } from '../test-control-plane.ts'

const MAIN = new URL('../../loops/main.ts', import.meta.url).pathname
const STEP_MS = 1000
const SEASON_MS = 40_000
/** Of each season, at its end. */
const PEAK_MS = 15_000
const LOW_RPS = 20
const PEAK_RPS = 80
const CAPACITY_RPS = 10
const HISTORY_SEASONS = 8
const STARTUP_SECONDS = 5
const PRICE = 0.1
const HOLD_MS = 6000

const loadAt = (atMs: number): number =>
  atMs % SEASON_MS >= SEASON_MS - PEAK_MS ? PEAK_RPS : LOW_RPS

describe.runIf(CONTROL_PLANE_HERE)('a Deployment that Forescale scales', () => {
  let cluster: ClusterOf
  let folder: string
  let api: string
  let controller: ChildProcess
  let feeding: NodeJS.Timeout

  const replicas = async (): Promise<number> => {
    const text = await cluster.plane.kubectl(
      '-n',
      NAMESPACE,
      'get',
      'deployment',
      'web',
      '-o',
      'json',
    )
    return JSON.parse(text).spec.replicas
  }
  async function post(samples: object[]): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    await fetch(`${api}/v1/samples`, { method: 'POST', headers, body: JSON.stringify({ samples }) })
  }
  const sample = (atMs: number) => ({
    ...{ service: 'web', metric: 'requests_per_second', atMs, value: loadAt(atMs) },
  })
  async function unchangedFor(ms: number): Promise<void> {
    const before = await replicas()
    for (const untilMs = Date.now() + ms; Date.now() < untilMs; await sleep(500))
      expect(await replicas()).toBe(before)
  }

  beforeAll(async () => {
    cluster = await startClusterOf(new Map([['web', 3]]))
    cluster.nodes.startupMs = STARTUP_SECONDS * 1000
    folder = await mkdtemp(path.join(tmpdir(), 'forescale-road4-'))
    const port = await getPort({ host: '127.0.0.1' })
    api = `http://127.0.0.1:${port}`
    const everySecond = [{ type: 'Pods', value: 100, periodSeconds: 1 }]
    await writeFile(
      path.join(folder, 'config.yaml'),
      stringify({
        ...{ mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS, costBudgetPerHour: 10 },
        http: { port },
        actuator: { kind: 'kubernetes' },
        forecast: { seasonsMs: [SEASON_MS], models: ['seasonal-naive'], origins: 40 },
        kubernetes: {
          kubeconfig: cluster.plane.kubeconfig,
          namespaces: [NAMESPACE],
          workloads: { web: { namespace: NAMESPACE, name: 'web' } },
        },
        services: {
          web: {
            ...{ maxReplicas: 20, capacityPerReplica: CAPACITY_RPS, pricePerReplicaHour: PRICE },
            startupSeconds: STARTUP_SECONDS,
            behavior: {
              scaleUp: { policies: everySecond },
              scaleDown: { stabilizationWindowSeconds: 0, policies: everySecond },
            },
          },
        },
      }),
    )
    controller = fork(MAIN, [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {
        ...process.env,
        FORESCALE_CONFIG: path.join(folder, 'config.yaml'),
        FORESCALE_STATE_DIR: path.join(folder, 'state'),
      },
    })
    for (;;) {
      const [message] = await Promise.race([once(controller, 'message'), once(controller, 'exit')])
      if (message?.kind === 'ready') break
      if (typeof message !== 'object' || message?.kind === 'failed')
        throw new Error(`the controller did not start: ${JSON.stringify(message)}`)
    }
    const now = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const steps = (HISTORY_SEASONS * SEASON_MS) / STEP_MS
    await post(Array.from({ length: steps }, (_, i) => sample(now - (steps - 1 - i) * STEP_MS)))
    feeding = setInterval(() => void post([sample(Date.now())]).catch(() => {}), STEP_MS / 2)
  }, 150_000)
  afterAll(async () => {
    clearInterval(feeding)
    controller?.kill('SIGKILL')
    await cluster?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('gets the replicas of the peak before the peak, and not long before', async () => {
    const need = PEAK_RPS / CAPACITY_RPS
    let before = await replicas()
    let roseAtMs: number | undefined
    for (const untilMs = Date.now() + 2.5 * SEASON_MS; Date.now() < untilMs; await sleep(250)) {
      const atMs = Date.now()
      const count = await replicas()
      // what rises in a peak, or just after, only follows the load
      const isLow = loadAt(atMs) === LOW_RPS && loadAt(atMs - 3 * STEP_MS) === LOW_RPS
      if (before < need && count >= need && isLow) roseAtMs = atMs
      before = count
      if (roseAtMs !== undefined) break
    }
    expect(roseAtMs, 'it never had what the peak needs').toBeDefined()
    const beforePeakMs = SEASON_MS - PEAK_MS - (roseAtMs! % SEASON_MS)
    expect(beforePeakMs).toBeGreaterThan(0)
    // a tick, the start-up, the tick until the next decision, and what looking takes
    expect(beforePeakMs).toBeLessThan(STARTUP_SECONDS * 1000 + 4 * STEP_MS)
  }, 130_000)

  it('has no more than a cut budget carries', async () => {
    const most = 4
    const body = JSON.stringify({ costBudgetPerHour: most * PRICE })
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${api}/v1/budget`, { method: 'PUT', headers, body })
    expect(answer.status).toBe(200)
    await expect.poll(replicas, { timeout: 10_000 }).toBeLessThanOrEqual(most)
    // also in the peak
    const untilPeakMs = SEASON_MS - PEAK_MS - (Date.now() % SEASON_MS)
    await sleep(Math.max(0, untilPeakMs) + 3 * STEP_MS)
    expect(await replicas()).toBe(most)
  }, 60_000)

  it('keeps its replicas when no load comes any more', async () => {
    clearInterval(feeding)
    await sleep(5 * STEP_MS)
    await unchangedFor(HOLD_MS)
  }, 30_000)

  it('keeps its replicas when Forescale is killed', async () => {
    controller.kill('SIGKILL')
    await once(controller, 'exit')
    await unchangedFor(HOLD_MS)
  }, 30_000)
})
