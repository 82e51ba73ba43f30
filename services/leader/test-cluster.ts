/**
 * Several real controllers on one PostgreSQL and one target, for tests and for chaos: processes that can be stopped, gone on
 * with and killed, a target that keeps books of every order, and load that never stands still.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import getPort from 'get-port'
import { stringify } from 'yaml'
import { startPostgres, type TestPostgres } from '../ledger/test-postgres.ts'
import { createTestTarget, type TestTarget } from './test-target.ts'

const MAIN = new URL('../loops/main.ts', import.meta.url).pathname
const LOAD_EVERY_MS = 500
/** Of a controller that ended by itself. */
const LOG_SHOWN = 4000

export interface ClusterOptions {
  readonly controllers: number
  readonly tickMs: number
  readonly leader: object
  readonly services: readonly string[]
  /** Over the configuration that all have. */
  readonly config?: object
  /** Over that of one. */
  readonly ownConfig?: (index: number) => object
}

export interface Node {
  readonly api: string
  readonly folder: string
  child: ChildProcess
}

export interface TestCluster {
  readonly postgres: TestPostgres
  readonly target: TestTarget
  readonly nodes: readonly Node[]
  /** How many samples of each service some controller has answered for. */
  readonly acknowledged: ReadonlyMap<string, number>
  /** Starts the process of one again. */
  restart(index: number): Promise<void>
  get<T>(index: number, path: string): Promise<T>
  /** Index of the one that says that it leads; undefined while nobody does. */
  leader(): Promise<number | undefined>
  untilLeader(limitMs: number, not?: number): Promise<number>
  close(): Promise<void>
}

export async function startCluster(options: ClusterOptions): Promise<TestCluster> {
  const postgres = await startPostgres()
  const target = createTestTarget(options.services)
  const hostPort = await getPort({ host: '127.0.0.1' })
  const host = serve({ fetch: target.app.fetch, port: hostPort, hostname: '127.0.0.1' })
  const root = await mkdtemp(path.join(tmpdir(), 'forescale-cluster-'))
  const nodes: Node[] = []
  for (let i = 0; i < options.controllers; i++) {
    const port = await getPort({ host: '127.0.0.1' })
    const folder = path.join(root, `node-${i}`)
    mkdirSync(folder)
    const api = `http://127.0.0.1:${port}`
    await writeFile(
      path.join(folder, 'config.yaml'),
      stringify({ ...configOf(options, port, api), ...options.ownConfig?.(i) }),
    )
    nodes.push({ api, folder, child: start(folder, hostPort, postgres.url) })
  }
  async function close(): Promise<void> {
    for (const { child, folder } of nodes) {
      if (child.exitCode !== null && child.exitCode !== 0)
        process.stderr.write(readFileSync(path.join(folder, 'log'), 'utf8').slice(-LOG_SHOWN))
      child.kill('SIGCONT')
      child.kill('SIGKILL')
    }
    host.close()
    await postgres.close()
    await rm(root, { recursive: true, force: true })
  }
  await Promise.all(nodes.map(ready)).catch(async (error: unknown) => {
    await close()
    throw error
  })
  const load = feed(nodes, options.services)
  const get = async <T>(index: number, at: string): Promise<T> => {
    const response = await fetch(nodes[index]!.api + at, { signal: AbortSignal.timeout(2000) })
    return (await response.json()) as T
  }
  async function leader(): Promise<number | undefined> {
    const said = await Promise.all(
      nodes.map((_, i) => metric(nodes[i]!, 'forescale_lease_is_leader').catch(() => 0)),
    )
    const index = said.indexOf(1)
    return index < 0 ? undefined : index
  }
  return {
    postgres,
    target,
    nodes,
    acknowledged: load.acknowledged,
    get,
    leader,
    async restart(index) {
      nodes[index]!.child = start(nodes[index]!.folder, hostPort, postgres.url)
      await ready(nodes[index]!)
    },
    async untilLeader(limitMs, not) {
      const givenUpAtMs = Date.now() + limitMs
      while (Date.now() < givenUpAtMs) {
        const index = await leader()
        if (index !== undefined && index !== not) return index
        await sleep(50)
      }
      throw new Error(`nobody leads within ${limitMs} ms`)
    },
    async close() {
      load.stop()
      await close()
    },
  }
}

export async function metric(node: Node, name: string): Promise<number> {
  const response = await fetch(`${node.api}/metrics`, { signal: AbortSignal.timeout(1000) })
  const of = new RegExp(`^${name}(\\{[^}]*\\})? `)
  const line = (await response.text()).split('\n').find((text) => of.test(text))
  return Number(line?.split(' ')[1] ?? Number.NaN)
}

function configOf({ tickMs, leader, services, config }: ClusterOptions, port: number, url: string) {
  return {
    mode: 'enforce',
    tickMs,
    stepMs: tickMs,
    costBudgetPerHour: services.length,
    http: { port },
    ledger: {
      kind: 'postgresql',
      urlEnv: 'LEDGER_URL',
      statementTimeoutMs: 2000,
      connectTimeoutMs: 1000,
    },
    leader: { election: true, url, ...leader },
    actuator: { kind: 'processes' },
    shop: { drainTimeoutMs: 0, preload: false, services: {} },
    services: Object.fromEntries(
      services.map((name) => [
        name,
        {
          // follows the load, which never stands still; a forecast from so few steps would stay at the most
          policy: 'reactive',
          capacityPerReplica: 10,
          maxReplicas: 9,
          behavior: { scaleDown: { stabilizationWindowSeconds: 0 } },
        },
      ]),
    ),
    ...config,
  }
}

function start(folder: string, hostPort: number, ledgerUrl: string): ChildProcess {
  const child = fork(MAIN, [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      FORESCALE_CONFIG: path.join(folder, 'config.yaml'),
      FORESCALE_STATE_DIR: path.join(folder, 'state'),
      FORESCALE_HOST_URL: `http://127.0.0.1:${hostPort}`,
      LEDGER_URL: ledgerUrl,
    },
  })
  const log = createWriteStream(path.join(folder, 'log'), { flags: 'a' })
  child.stdout!.pipe(log, { end: false })
  child.stderr!.pipe(log, { end: false })
  return child
}

async function ready({ child }: Node): Promise<void> {
  for (;;) {
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      { kind?: string; line?: string } | number | null,
    ]
    if (typeof message !== 'object' || message === null || message.kind === 'failed')
      throw new Error(`a controller did not start: ${JSON.stringify(message)}`)
    if (message.kind === 'ready') return
  }
}

/** Loads that rise and fall, so that there is something to decide all the time. */
function feed(nodes: readonly Node[], services: readonly string[]) {
  const acknowledged = new Map(services.map((service) => [service, 0]))
  let n = 0
  const timer = setInterval(() => {
    n++
    const atMs = Date.now()
    const samples = services.map((service, i) => ({
      service,
      metric: 'requests_per_second',
      atMs,
      value: 30 + 25 * Math.sin(n / 6 + i),
    }))
    for (const { api } of nodes)
      fetch(`${api}/v1/samples`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ samples }),
        signal: AbortSignal.timeout(2000),
      })
        .then(({ ok }) => {
          if (!ok) return
          for (const service of services) acknowledged.set(service, acknowledged.get(service)! + 1)
        })
        .catch(() => {})
  }, LOAD_EVERY_MS)
  return { acknowledged, stop: () => clearInterval(timer) }
}
