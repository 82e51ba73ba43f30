/**
 * Everything that a cluster with Forescale has, as processes: control plane, simulated nodes, KEDA, Prometheus (behind a
 * proxy that can be told to lie), and the real controller with its API, metrics API and scaler. One Deployment a road, all
 * under the same load, which rises once a minute and is known from the past.
 */
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import getPort from 'get-port'
import { stringify } from 'yaml'
import { LOAD_METRIC } from '../../../forecaster/series.ts'
import { type RunningServer, startPrometheus } from '../../stores/test-servers.ts'
import { startKeda, type TestKeda } from '../scaler/test-keda.ts'
import { makeCertificate } from '../test-certificates.ts'
import { deploymentYaml, NAMESPACE } from '../test-cluster-of.ts'
import { startControlPlane, type TestControlPlane } from '../test-control-plane.ts'
import { startNodes } from '../test-nodes.ts'
import type { Road } from './plan.ts'

const CONTROLLER = new URL('../../loops/main.ts', import.meta.url).pathname
const LAUNCHER = new URL('../../cli/forescale.js', import.meta.url).pathname
const STEP_MS = 1000
/** The load's own day. */
export const PERIOD_MS = 60_000
const PEAK_FROM_MS = 40_000
const QUIET_RPS = 15
const PEAK_RPS = 75
const PAST_PERIODS = 5
export const CAPACITY = 10
/** Long against the seconds that a scrape, KEDA's poll and the HPA's look take together. */
const STARTUP_MS = 6000
const SCALER_DNS = '127.0.0.1'
const LOG_SHOWN = 3000

/** The load of every service, requests/s. */
export const loadAt = (atMs: number): number =>
  atMs % PERIOD_MS >= PEAK_FROM_MS ? PEAK_RPS : QUIET_RPS
/** Until the load rises next, ms; 0 while it is high. */
export const untilPeakMs = (atMs: number): number => Math.max(0, PEAK_FROM_MS - (atMs % PERIOD_MS))

export interface Live {
  readonly plane: TestControlPlane
  readonly prometheus: RunningServer
  /** What KEDA hears in place of Prometheus' answers; undefined: those. */
  lie: string | undefined
  /** No loads are told any more. */
  isQuiet: boolean
  /** Replicas by road, as the Deployments have them now. */
  replicas(): Promise<Readonly<Record<string, number>>>
  /** HPAs that have a metric; they find new metrics APIs once in half a minute. */
  sighted(): Promise<readonly string[]>
  ask(path: string, body?: unknown, method?: string): Promise<unknown>
  killController(): Promise<void>
  startController(): Promise<void>
  /** The ends of all logs, for a test that failed. */
  logs(): Promise<string>
  stop(): Promise<void>
}

export const serviceOf = (road: Road): string => `by-${road}`

export async function startLive(roads: readonly Road[]): Promise<Live> {
  const plane = await startControlPlane({ hpaTolerance: 0.1 })
  const nodes = startNodes(plane.config, { startupMs: STARTUP_MS, drainMs: 0 })
  const ports = { http: await freePort(), metrics: await freePort(), scaler: await freePort() }
  const api = `http://127.0.0.1:${ports.http}`
  const prometheus = await startPrometheus(scrapeOf(ports.http))
  const closers: (() => Promise<unknown>)[] = [
    () => prometheus.remove(),
    () => nodes.stop(),
    () => plane.stop(),
  ]
  const live: Pick<Live, 'lie' | 'isQuiet'> = { lie: undefined, isQuiet: false }
  const proxy = await startProxy(prometheus.url, () => live.lie)
  closers.unshift(async () => proxy.server.close())
  const configFile = await writeConfig(plane, roads, ports)
  let child: ChildProcess | undefined
  const feeding = feed(api, roads, () => live.isQuiet)
  closers.unshift(async () => feeding.stop())

  async function startController(): Promise<void> {
    child = await startProcess(plane.dir, configFile)
  }
  async function killController(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  closers.unshift(killController)
  const kubectl = (...args: string[]) => plane.kubectl('-n', NAMESPACE, ...args)
  const ask = (at: string, body?: unknown, method?: string) => askApi(api, at, body, method)
  let keda: TestKeda | undefined
  async function stop(): Promise<void> {
    await keda?.stop()
    for (const close of closers) await close()
  }
  try {
    await plane.kubectl('create', 'namespace', NAMESPACE)
    await plane.apply(roads.map((road) => deploymentYaml(serviceOf(road), 2)).join('---\n'))
    if (roads.some((road) => road !== 'direct')) keda = await startKeda(plane)
    await serviceOfMetrics(plane)
    await startController()
    await ask('/v1/samples', { samples: past(roads) })
    for (const road of roads) await ask(`/v1/models/${serviceOf(road)}/retrain`, {})
    const address = { api, prometheus: proxy.url, scaler: `${SCALER_DNS}:${ports.scaler}` }
    await followAll(plane, roads, configFile, address)
  } catch (error) {
    const said = await logsOf(plane)
    await stop()
    throw new Error(said, { cause: error })
  }
  return {
    ...{ plane, prometheus, ask, startController, killController, stop },
    logs: () => logsOf(plane),
    get lie() {
      return live.lie
    },
    set lie(text) {
      live.lie = text
    },
    get isQuiet() {
      return live.isQuiet
    },
    set isQuiet(isQuiet) {
      live.isQuiet = isQuiet
    },
    async sighted() {
      const { items } = JSON.parse(await kubectl('get', 'hpa', '-o', 'json')) as { items: Hpa[] }
      const sees = ({ status }: Hpa) =>
        status?.conditions?.some((one) => one.type === 'ScalingActive' && one.status === 'True')
      return items.filter(sees).map(({ metadata }) => metadata.name)
    },
    async replicas() {
      const { items } = JSON.parse(await kubectl('get', 'deployments', '-o', 'json'))
      return Object.fromEntries(
        items.map((one: { metadata: { name: string }; spec: { replicas: number } }) => [
          one.metadata.name,
          one.spec.replicas,
        ]),
      )
    },
  }
}

interface Hpa {
  readonly metadata: { readonly name: string }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
  }
}

const freePort = () => getPort({ host: '127.0.0.1' })

const scrapeOf = (port: number): string =>
  `scrape_configs:\n  - ${JSON.stringify({
    job_name: 'forescale',
    honor_labels: true,
    scrape_interval: '500ms',
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
  })}\n`

async function writeConfig(
  plane: TestControlPlane,
  roads: readonly Road[],
  ports: { readonly http: number; readonly metrics: number; readonly scaler: number },
): Promise<string> {
  const { certFile, keyFile } = makeCertificate(plane.dir, 'metrics', {
    commonName: 'forescale-metrics',
    subjectAltName: 'DNS:forescale-metrics.kube-system.svc,DNS:localhost,IP:127.0.0.1',
  })
  const names = roads.map(serviceOf)
  const config = {
    ...{ mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS, costBudgetPerHour: 1000 },
    http: { port: ports.http },
    actuator: { kind: 'kubernetes' },
    forecast: {
      ...{ models: ['seasonal-naive'], seasonsMs: [PERIOD_MS] },
      ...{ historyMs: PAST_PERIODS * PERIOD_MS, horizonSteps: 30 },
    },
    kubernetes: {
      kubeconfig: plane.kubeconfig,
      workloads: Object.fromEntries(names.map((name) => [name, { namespace: NAMESPACE, name }])),
      target: { releaseWaitMs: 500 },
      signal: { consumerLagMs: 2000 },
      metricsApi: {
        ...{ host: '127.0.0.1', port: ports.metrics, tls: { certFile, keyFile } },
        // KEDA serves the external metrics of this cluster
        apis: ['custom'],
        service: { namespace: 'kube-system', port: ports.metrics },
      },
      scaler: { port: ports.scaler },
    },
    services: Object.fromEntries(
      names.map((name) => [
        name,
        {
          ...{ minReplicas: 1, maxReplicas: 20, capacityPerReplica: CAPACITY },
          ...{ startupSeconds: STARTUP_MS / 1000, pricePerReplicaHour: 1 },
          behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
        },
      ]),
    ),
  }
  const file = path.join(plane.dir, 'forescale.yaml')
  await mkdir(path.join(plane.dir, 'state'))
  await writeFile(file, stringify(config))
  return file
}

async function startProcess(dir: string, configFile: string): Promise<ChildProcess> {
  const child = fork(CONTROLLER, [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      FORESCALE_CONFIG: configFile,
      FORESCALE_STATE_DIR: path.join(dir, 'state'),
    },
  })
  const log = createWriteStream(path.join(dir, 'forescale.log'), { flags: 'a' })
  child.stdout!.pipe(log, { end: false })
  child.stderr!.pipe(log, { end: false })
  for (;;) {
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      { kind?: string } | number | null,
    ]
    if (typeof message !== 'object' || message === null || message.kind === 'failed')
      throw new Error(`the controller did not start: ${JSON.stringify(message)}`)
    if (message.kind === 'ready') return child
  }
}

/** The API server finds our metrics API where this Service is, as in a cluster; here that is this machine. */
const serviceOfMetrics = (plane: TestControlPlane) =>
  plane.apply(`apiVersion: v1
kind: Service
metadata: {name: forescale-metrics, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost}
`)

/** As a person would: what the command line prints is applied. */
async function followAll(
  plane: TestControlPlane,
  roads: readonly Road[],
  configFile: string,
  address: { readonly api: string; readonly prometheus: string; readonly scaler: string },
): Promise<void> {
  const env = { ...process.env, FORESCALE_URL: address.api }
  const forescale = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [LAUNCHER, ...args], { env })).stdout
  await forescale('k8s', 'api-service', '--apply', '--config', configFile)
  for (const road of roads) {
    if (road === 'direct') continue
    const where = ['--prometheus', address.prometheus, '--scaler', address.scaler]
    const times = ['--poll', '1s', '--scrape', '1s', '--controller', address.api]
    await plane.apply(
      await forescale('k8s', 'manifest', serviceOf(road), '--road', road, ...where, ...times),
    )
  }
}

/** A stretch of the past that the models know the wave from. */
function past(roads: readonly Road[]): object[] {
  const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
  const steps = (PAST_PERIODS * PERIOD_MS) / STEP_MS
  return Array.from({ length: steps }, (_, i) => endMs - (steps - i) * STEP_MS).flatMap((atMs) =>
    roads.map((road) => sampleAt(road, atMs)),
  )
}

const sampleAt = (road: Road, atMs: number) => ({
  ...{ service: serviceOf(road), metric: LOAD_METRIC },
  ...{ atMs, value: loadAt(atMs) },
})

function feed(api: string, roads: readonly Road[], isQuiet: () => boolean): { stop(): void } {
  const timer = setInterval(() => {
    if (isQuiet()) return
    const atMs = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const samples = roads.map((road) => sampleAt(road, atMs))
    // a controller that was killed is not there to hear it
    void askApi(api, '/v1/samples', { samples }).catch(() => {})
  }, STEP_MS)
  return { stop: () => clearInterval(timer) }
}

async function askApi(api: string, at: string, body?: unknown, method = 'POST'): Promise<unknown> {
  const response = await fetch(api + at, {
    ...(body === undefined ? {} : { method, body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${at}: ${response.status} ${text.slice(0, 500)}`)
  return text === '' ? undefined : JSON.parse(text)
}

/** In front of Prometheus; what `lie` says is answered in its place. */
async function startProxy(
  to: string,
  lie: () => string | undefined,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const answer = lie()
    if (answer !== undefined)
      return void response.setHeader('content-type', 'application/json').end(answer)
    fetch(to + request.url)
      .then(async (got) => response.writeHead(got.status).end(await got.text()))
      .catch(() => response.writeHead(502).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return { server, url: `http://127.0.0.1:${address.port}` }
}

async function logsOf(plane: TestControlPlane): Promise<string> {
  const names = ['forescale', 'keda-operator', 'kube-controller-manager']
  const texts = await Promise.all(
    names.map((name) =>
      readFile(path.join(plane.dir, `${name}.log`), 'utf8').catch(() => 'no log'),
    ),
  )
  const described = await plane.kubectl('-n', NAMESPACE, 'describe', 'hpa').catch(String)
  const all = [...texts.map((text) => text.slice(-LOG_SHOWN)), described.slice(-2 * LOG_SHOWN)]
  return [...names, 'hpa'].map((name, i) => `== ${name}\n${all[i]}`).join('\n')
}
