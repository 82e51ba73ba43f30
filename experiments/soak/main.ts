/**
 * A day of a real controller in minutes: the process that `forescale up` starts, under the manual clock, fed and asked
 * over HTTP as in production (samples, ticks, dashboards that come and go, queries, settings, reloads), while its memory
 * and its open files are read off its own metrics page. What grows is told as a slope with an interval, over the lowest
 * value of each simulated hour: what garbage is left from hour to hour, not what lies about between two collections.
 *
 *   npm run soak -- --hours 24 --services 10
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import getPort from 'get-port'
import { stringify } from 'yaml'
import { seededRandom } from '../../datasets/random.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { slopeOf } from './slope.ts'

const CONTROLLER = new URL('../../services/loops/main.ts', import.meta.url).pathname
const STEP_MS = 15_000
const HOUR_MS = 3_600_000
const STEPS_AN_HOUR = HOUR_MS / STEP_MS
const START_MS = Date.parse('2026-11-02T00:00:00Z')
/** Kept for so long, so that the day holds many times what is kept, and dropping it is part of what is measured. */
const RETENTION_MS = 6 * HOUR_MS
/** Until what is kept is full and every model was fitted more than once. */
const WARM_UP_HOURS = 8
const READ_METRICS_EVERY = 20
/** Of a controller that failed. */
const LOG_SHOWN = 4000
const MEBIBYTE = 2 ** 20
/** Of a page that is open all the time and of one that is closed and opened again. */
const REOPEN_EVERY = 40

const METRICS = {
  resident: 'process_resident_memory_bytes',
  heap: 'nodejs_heap_size_used_bytes',
  external: 'nodejs_external_memory_bytes',
  files: 'process_open_fds',
} as const
type Reading = Record<keyof typeof METRICS, number>

const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`must be a whole number from ${least} up, got "${text}"`)
    return value
  }

const { hours, services, seed } = new Command('soak')
  .description('Runs a controller through simulated hours and prints how its memory grows.')
  .option('--hours <n>', 'simulated hours', wholeNumber(WARM_UP_HOURS + 3), 24)
  .option('--services <n>', 'services', wholeNumber(1), 10)
  .option('--seed <n>', 'of the load', wholeNumber(0), 1)
  .parse()
  .opts<{ hours: number; services: number; seed: number }>()

const names = Array.from({ length: services }, (_, i) => `service-${i}`)
const random = seededRandom(seed)

/** A day's wave with noise, requests/s: synthetic. */
function loadAt(service: number, atMs: number): number {
  const phase = (2 * Math.PI * (atMs % (24 * HOUR_MS))) / (24 * HOUR_MS)
  return (200 + 20 * service) * (1.2 + Math.sin(phase - service)) * (0.9 + 0.2 * random())
}

function start(folder: string, configFile: string): ChildProcess {
  const env = {
    ...process.env,
    FORESCALE_CONFIG: configFile,
    FORESCALE_STATE_DIR: path.join(folder, 'state'),
  }
  const child = fork(CONTROLLER, [], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const log = createWriteStream(path.join(folder, 'log'))
  child.stdout!.pipe(log, { end: false })
  child.stderr!.pipe(log, { end: false })
  return child
}

async function untilReady(child: ChildProcess): Promise<void> {
  for (;;) {
    const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
      { kind?: string } | number | null,
    ]
    if (typeof message !== 'object' || message === null || message.kind === 'failed')
      throw new Error(`the controller did not start: ${JSON.stringify(message)}`)
    if (message.kind === 'ready') return
  }
}

/** A client of one controller that counts what it asked and throws at the first answer that is no success. */
function createAsker(api: string) {
  let asked = 0
  const ask = async (at: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') => {
    asked++
    const response = await fetch(api + at, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json' },
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text.slice(0, 500)}`)
    return text
  }
  return { ask, asked: () => asked }
}

/** A page that listens and is closed by `close`. */
function listen(api: string): { close(): void } {
  const aborter = new AbortController()
  const drained = fetch(`${api}/v1/events`, { signal: aborter.signal })
    .then(async ({ body }) => {
      for await (const _chunk of body!) if (aborter.signal.aborted) break
    })
    // a page that lost its controller: what became of it the next request tells
    .catch(() => {})
  void drained
  return { close: () => aborter.abort() }
}

async function read(ask: (at: string) => Promise<string>): Promise<Reading> {
  const lines = (await ask('/metrics')).split('\n')
  const metricOf = (name: string): number => {
    const line = lines.find((text) => text.startsWith(`${name} `))
    if (line === undefined) throw new Error(`the metrics page has no ${name}`)
    return Number(line.slice(name.length + 1))
  }
  const entries = Object.entries(METRICS).map(([key, name]) => [key, metricOf(name)])
  return Object.fromEntries(entries)
}

async function oneStep(asker: ReturnType<typeof createAsker>, step: number): Promise<void> {
  const { ask } = asker
  const atMs = START_MS + step * STEP_MS
  const samples = names.flatMap((service, i) => [
    { service, metric: LOAD_METRIC, atMs, value: loadAt(i, atMs) },
    { service, metric: 'violation_ratio', atMs, value: random() < 0.05 ? 0.02 : 0 },
  ])
  await ask('/v1/samples', { samples })
  await ask('/v1/ticks', { at: atMs + 1 })
  await ask('/v1/decisions?limit=1')
  const service = names[step % services]!
  await ask(`/v1/services/${service}/proposal`)
  await ask(`/v1/services/${service}/forecast`)
  if (step % 4 === 0)
    await Promise.all(['/v1/services', '/v1/budget', '/v1/alerts'].map((at) => ask(at)))
  if (step % STEPS_AN_HOUR === 0) {
    await ask('/v1/budget', { costBudgetPerHour: services * (1 + (step % 3)) }, 'PUT')
    await ask('/v1/config/reload', {}, 'POST')
  }
}

async function soak(api: string): Promise<Reading[]> {
  const asker = createAsker(api)
  const lowest: Reading[] = []
  const open = listen(api)
  let guest = listen(api)
  for (let step = 1; step <= hours * STEPS_AN_HOUR; step++) {
    await oneStep(asker, step)
    if (step % REOPEN_EVERY === 0) {
      guest.close()
      guest = listen(api)
    }
    if (step % READ_METRICS_EVERY === 0) {
      const seen = await read(asker.ask)
      const hour = Math.floor((step - 1) / STEPS_AN_HOUR)
      const known = lowest[hour]
      lowest[hour] = known ? lower(known, seen) : seen
    }
    if (step % STEPS_AN_HOUR === 0) process.stderr.write(`${step / STEPS_AN_HOUR} hours\n`)
  }
  open.close()
  guest.close()
  process.stdout.write(
    `${hours} simulated hours, ${services} services, ${hours * STEPS_AN_HOUR} ticks, ${asker.asked()} requests, seed ${seed}\n`,
  )
  return lowest
}

const lower = (a: Reading, b: Reading): Reading => ({
  resident: Math.min(a.resident, b.resident),
  heap: Math.min(a.heap, b.heap),
  external: Math.min(a.external, b.external),
  files: Math.min(a.files, b.files),
})

function report(lowest: readonly Reading[]): void {
  const warm = lowest.slice(WARM_UP_HOURS)
  const row = (key: keyof Reading, unit: number) => {
    const { slope, low, high } = slopeOf(warm.map((reading, i) => [i, reading[key] / unit]))
    const first = warm[0]![key] / unit
    const last = warm.at(-1)![key] / unit
    const text = (value: number) => value.toFixed(2)
    return {
      first: text(first),
      last: text(last),
      'per hour': text(slope),
      'interval 95 %': `${text(low)} to ${text(high)}`,
    }
  }
  process.stdout.write(`After ${WARM_UP_HOURS} hours of warm-up, lowest value of each hour:\n`)
  console.table({
    'resident, MiB': row('resident', MEBIBYTE),
    'heap used, MiB': row('heap', MEBIBYTE),
    'external, MiB': row('external', MEBIBYTE),
    'open files': row('files', 1),
  })
}

const folder = await mkdtemp(path.join(tmpdir(), 'forescale-soak-'))
const port = await getPort({ host: '127.0.0.1' })
const configFile = path.join(folder, 'config.yaml')
const config = {
  ...{ clock: 'manual', mode: 'enforce', tickMs: STEP_MS, stepMs: STEP_MS },
  retentionMs: RETENTION_MS,
  costBudgetPerHour: services,
  http: { port },
  actuator: { kind: 'caller' },
  services: Object.fromEntries(names.map((name) => [name, { maxReplicas: 20 }])),
}
await writeFile(configFile, stringify(config))
const child = start(folder, configFile)
try {
  await untilReady(child)
  report(await soak(`http://127.0.0.1:${port}`))
} catch (error) {
  process.stderr.write((await readFile(path.join(folder, 'log'), 'utf8')).slice(-LOG_SHOWN))
  throw error
} finally {
  child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
}
