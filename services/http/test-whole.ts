/** The real thing for tests: controller, stores and demo port behind a real server, by a manual clock in a temporary folder. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serve as serveNode } from '@hono/node-server'
import { sha256Hex } from '../access/api-key.ts'
import { createKeyRing } from '../access/key-ring.ts'
import { initialReplicas, openActuator } from '../actuators/registry.ts'
import { createWebhooks } from '../alerts/webhooks.ts'
import { createManualClock, systemClock } from '../clock.ts'
import { AppConfig } from '../config.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { createControlApp } from '../load/control-app.ts'
import { createResults } from '../load/results.ts'
import { createSpikes } from '../load/spikes.ts'
import { createController } from '../loops/controller.ts'
import { createFitter } from '../loops/fitter.ts'
import { openStore } from '../stores/registry.ts'
import { remoteWriteBody } from '../stores/test-remote-write.ts'
import { createLogger } from '../telemetry/log.ts'
import { createApp } from './app.ts'
import type { HttpConfig } from './config.ts'
import { createDemoPort } from './demo-port.ts'
import { apiKey, createdKey } from './examples-access.ts'
import { alert as alertExample } from './examples-alerts.ts'
import { document, policy } from './examples-rollouts.ts'
import { serve } from './server.ts'
import { createTestJobs } from './test-jobs.ts'
import { createTestAdvisor } from './test-resources.ts'

const HOST = '127.0.0.1'
const STEP_MS = 15_000
const SEASON_STEPS = 40
/** The instant of the documented examples, one tick before it. */
const LAST_TICK_MS = Date.parse('2026-11-21T08:00:00Z') - STEP_MS
const SERVICES = ['search', 'payment'] as const

export interface Whole {
  readonly url: string
  /** Of an admin; needed where the door asks for one. */
  readonly token: string
  readonly ledger: Ledger
  readonly control: ControlPlane
  readonly stateDir: string
  /** Runs by the load generator's own clock. */
  readonly spikeId: string
  close(): Promise<void>
}

/** Two services with five seasons behind them, two ticks decided, and a load generator's control API beside them. */
export async function startWhole(http: Partial<HttpConfig> = {}): Promise<Whole> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'forescale-http-'))
  const closing: (() => Promise<unknown>)[] = []
  const config = wholeConfig(stateDir, http)
  const store = await openStore(config, stateDir)
  const ledger = await openLedger(config, stateDir)
  const fitter = createFitter({ timeLimitMs: 60_000 })
  const actuator = await openActuator(config.actuator, {
    hostUrl: '',
    drainTimeoutMs: 0,
    initial: initialReplicas(config),
  })
  const controller = await createController({
    config,
    reread: () => config,
    clock: createManualClock(),
    store,
    ledger,
    actuator,
    fitter,
    webhooks: createWebhooks({
      ledger,
      secretOf: () => undefined,
      log: createLogger('test', { env: { LOG_LEVEL: 'silent' } }),
    }),
    stateDir,
    log: createLogger('test', { env: { LOG_LEVEL: 'silent' } }),
  })
  const load = await startLoadControl()
  const demo = createDemoPort({
    loadUrl: load.url,
    stateDir,
    shop: () => ({ workload: 'weekday', dayMs: 240_000 }),
  })
  const dashboardDir = await fakeBuild(stateDir)
  const jobs = createTestJobs().control
  const app = createApp({
    control: controller,
    store,
    ledger,
    demo,
    dashboardDir,
    jobs,
    resources: createTestAdvisor(),
  })
  const listening = await serve(app, { host: HOST, port: 0 })
  closing.push(listening.close, controller.stop, fitter.close, actuator.close)
  closing.push(ledger.close, store.close, load.close)
  closing.push(() => rm(stateDir, { recursive: true, force: true }))

  await writeFile(path.join(stateDir, 'write.snappy'), remoteWriteBody([]))
  await ledger.addKey({ ...apiKey, expiresAtMs: null, hash: sha256Hex(createdKey.token) })
  await ledger.saveAlerts([alertExample], [])
  const { token } = await ring(config, ledger).create(
    { name: 'test', role: 'admin', groups: null, expiresAtMs: null },
    'test',
  )
  const push = poster(listening.url, token)
  await pushHistory(push)
  const replicas = { search: 4, payment: 2 }
  await push('/v1/ticks', { at: LAST_TICK_MS - STEP_MS, replicas })
  // so that there are a champion and a challenger
  await push('/v1/models/search/retrain', {})
  await push('/v1/ticks', { at: LAST_TICK_MS, replicas })
  await startRollout(push)
  const spike = await demo.startSpike({ service: 'search', factor: 3, durationMs: 600_000 })
  return {
    url: listening.url,
    ...{ token, ledger, control: controller },
    stateDir,
    spikeId: spike.id,
    async close() {
      for (const step of closing) await step()
    },
  }
}

function wholeConfig(stateDir: string, http: Partial<HttpConfig>): AppConfig {
  return AppConfig.parse({
    http,
    mode: 'enforce',
    clock: 'manual',
    tickMs: STEP_MS,
    stepMs: STEP_MS,
    costBudgetPerHour: 1,
    stateDir,
    actuator: { kind: 'caller' },
    forecast: {
      seasonsMs: [SEASON_STEPS * STEP_MS],
      historyMs: 5 * SEASON_STEPS * STEP_MS,
      horizonSteps: 20,
      models: ['seasonal-naive'],
      lifecycle: { reviewSteps: 80, reviews: 1 },
    },
    services: { search: {}, payment: {} },
  })
}

function ring({ http }: AppConfig, ledger: Ledger) {
  const groups = () => http.auth.groups
  return createKeyRing({ ledger, groups, nowMs: systemClock.nowMs, random: randomBytes })
}

/** Five seasons of a smooth day, through the same door that users have. */
async function pushHistory(post: Post): Promise<void> {
  const steps = 5 * SEASON_STEPS
  const samples = SERVICES.flatMap((service, i) =>
    Array.from({ length: steps }, (_, k) => ({
      service,
      metric: 'requests_per_second',
      atMs: LAST_TICK_MS - (steps - k) * STEP_MS,
      value: 30 + 10 * i + 15 * Math.sin((2 * Math.PI * k) / SEASON_STEPS),
    })),
  )
  await post('/v1/samples', { samples })
}

/** A learned policy in the registry, and its rollout: the documented ones, on a service that no example changes. */
async function startRollout(post: Post): Promise<void> {
  await post('/v1/policies', { document })
  const candidate = { policy: 'learned', version: policy.version }
  await post('/v1/rollouts', { services: ['payment'], candidate })
}

type Post = (at: string, body: object) => Promise<void>

function poster(url: string, token: string): Post {
  return async (at, body) => {
    const response = await fetch(url + at, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    if (!response.ok)
      throw new Error(`POST ${at} answered ${response.status}`, { cause: await response.text() })
  }
}

/** The load generator's real control API; nothing is sent. */
async function startLoadControl(): Promise<{ url: string; close: () => Promise<void> }> {
  const app = createControlApp({
    services: SERVICES,
    results: createResults({ sloSecondsByService: { search: 0.5, payment: 0.5 }, keepMs: 60_000 }),
    spikes: createSpikes(),
    status: () => ({}),
    nowMs: () => Date.now(),
  })
  return new Promise((resolve) => {
    const server = serveNode({ fetch: app.fetch, hostname: HOST, port: 0 }, ({ port }) =>
      resolve({
        url: `http://${HOST}:${port}`,
        close: () => new Promise((done) => server.close(() => done())),
      }),
    )
  })
}

async function fakeBuild(stateDir: string): Promise<string> {
  const folder = path.join(stateDir, 'dist')
  await mkdir(path.join(folder, 'assets'), { recursive: true })
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>built</title>')
  await writeFile(path.join(folder, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(path.join(folder, 'assets', 'icon.svg'), '<svg/>')
  return folder
}
