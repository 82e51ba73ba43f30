/**
 * A whole controller as a process: its services are the annotated Deployments, it enforces, and their loads come over HTTP. Ticks,
 * requests to the API server and memory are read from its own /metrics.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import getPort from 'get-port'
import { NAMESPACE, startClusterOf } from '../../../services/kubernetes/test-cluster-of.ts'

const MAIN = new URL('../../../services/loops/main.ts', import.meta.url).pathname
const TICK_MS = 5000
const TICKS = 20
const LIMIT_MS = 300_000
/** A POST takes so many samples. */
const BATCH = 500

/** Prints a table. */
export async function benchController(names: readonly string[]): Promise<void> {
  const cluster = await startClusterOf(new Map(names.map((name) => [name, 1])))
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-bench-kubernetes-'))
  let child: ChildProcess | undefined
  let feeding: NodeJS.Timeout | undefined
  try {
    const { plane } = cluster
    const port = await getPort({ host: '127.0.0.1' })
    const url = `http://127.0.0.1:${port}`
    await writeFile(
      path.join(folder, 'forescale.yaml'),
      JSON.stringify(configOf(plane.kubeconfig, port, names.length)),
    )
    await plane.kubectl(
      'annotate',
      'deployment',
      '--all',
      '-n',
      NAMESPACE,
      'forescale.dev/enabled=true',
    )
    const startedMs = performance.now()
    child = await startController(folder)
    const services = names.map((name) => `${NAMESPACE}--${name}`)
    await until(async () => (await countOf(url)) === names.length)
    const knownMs = performance.now() - startedMs
    let rps = 5
    const feed = () => sendLoads(url, services, rps)
    feeding = setInterval(() => void feed().catch(() => {}), TICK_MS)
    await feed()
    // first ticks try each Deployment by a dry run, and fill the books
    await until(async () => requestsOf(await scrape(url)) > names.length)
    await quiet(url)
    const before = await scrape(url)
    await sleep(TICKS * TICK_MS)
    const after = await scrape(url)
    // each needs one more: a thousand writes at once
    rps = 15
    await feed()
    const writtenMs = performance.now()
    const isDone = async () => (await requestedOf(url)) >= 2 * names.length
    await until(isDone)
    const doneMs = performance.now() - writtenMs
    const last = await scrape(url)
    const ticks =
      after.sum('forescale_tick_duration_seconds_count') -
      before.sum('forescale_tick_duration_seconds_count')
    const seconds =
      after.sum('forescale_tick_duration_seconds_sum') -
      before.sum('forescale_tick_duration_seconds_sum')
    console.table({
      'Deployments, a service each': `${names.length}`,
      'all known after': `${(knownMs / 1000).toFixed(1)} s`,
      'ticks without a change': ticks,
      'tick (mean)': `${((seconds / ticks) * 1000).toFixed(0)} ms`,
      'requests to the API server a tick': (
        (requestsOf(after) - requestsOf(before)) /
        ticks
      ).toFixed(2),
      'watches opened again meanwhile': watchesOf(after) - watchesOf(before),
      'resident memory, heap in use': `${mb(after.sum('process_resident_memory_bytes'))}, ${mb(after.sum('nodejs_heap_size_used_bytes'))} MB`,
      'all doubled after': `${(doneMs / 1000).toFixed(1)} s, ${((requestsOf(last) - requestsOf(after)) / names.length).toFixed(2)} requests each`,
    })
  } finally {
    clearInterval(feeding)
    child?.kill('SIGKILL')
    await cluster.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function configOf(kubeconfig: string, port: number, services: number): object {
  return {
    ...{ mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS, services: {} },
    costBudgetPerHour: services * 10,
    http: { port },
    actuator: { kind: 'kubernetes' },
    kubernetes: {
      kubeconfig,
      settings: {
        defaults: { pricePerReplicaHour: 1, capacityPerReplica: 10, policy: 'reactive' },
        limits: { maxReplicas: 10 },
      },
    },
  }
}

async function startController(folder: string): Promise<ChildProcess> {
  const child = fork(MAIN, [], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      LOG_LEVEL: 'error',
      FORESCALE_CONFIG: path.join(folder, 'forescale.yaml'),
      FORESCALE_STATE_DIR: path.join(folder, 'state'),
    },
  })
  for (;;) {
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (message?.kind === 'ready') return child
    if (typeof message !== 'object' || message === null || message.kind === 'failed')
      throw new Error(`the controller did not start: ${JSON.stringify(message)}`)
  }
}

async function sendLoads(url: string, services: readonly string[], rps: number): Promise<void> {
  for (let i = 0; i < services.length; i += BATCH) {
    const samples = services.slice(i, i + BATCH).map((service) => ({
      ...{ service, metric: 'requests_per_second', atMs: Date.now(), value: rps },
    }))
    const answer = await fetch(`${url}/v1/samples`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ samples }),
    })
    if (!answer.ok) throw new Error(await answer.text())
  }
}

interface Page {
  /** Over all series of the name that have the label's value. */
  sum(name: string, label?: string): number
}

async function scrape(url: string): Promise<Page> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  return {
    sum: (name, label = '') =>
      lines
        .filter((line) => /^[^#{ ]*/.exec(line)![0] === name && line.includes(label))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0),
  }
}

const CALLS = 'forescale_call_duration_seconds_count'
const watchesOf = (page: Page) => page.sum(CALLS, 'part="cluster",operation="WATCH"')
const requestsOf = (page: Page) => page.sum(CALLS, 'part="cluster"') - watchesOf(page)
const requestedOf = async (url: string) => (await scrape(url)).sum('forescale_applied_replicas')
const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0)

async function countOf(url: string): Promise<number> {
  const { items } = (await (await fetch(`${url}/v1/services`)).json()) as { items: unknown[] }
  return items.length
}

/** Until two ticks went by without a request. */
async function quiet(url: string): Promise<void> {
  let known = -1
  await until(async () => {
    const requests = requestsOf(await scrape(url))
    const isQuiet = requests === known
    known = requests
    if (!isQuiet) await sleep(2 * TICK_MS)
    return isQuiet
  })
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = Date.now() + LIMIT_MS
  while (Date.now() < untilMs) {
    if (await isSo().catch(() => false)) return
    await sleep(500)
  }
  throw new Error(`it did not come in ${LIMIT_MS / 1000} s`)
}
