/**
 * What a start costs: a command, `forescale status` against a running controller, and `forescale up` until /readyz answers
 * 200, each beside the least that Node can do in its place. Processor time is that of every process which the start
 * needs, counted by itself until it ends; on a busy machine it says more than the clock.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import getPort from 'get-port'
import type { Figure } from './timing.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LAUNCHER = path.join(ROOT, 'services/cli/forescale.js')
const RUNS = 5
const POLL_MS = 5
const LIMIT_MS = 120_000
const CONFIG = 'version: 1\nservices:\n  checkout: {}\n'

/** Every process appends its processor time, µs, when it ends. */
const COUNTER = `data:text/javascript,${encodeURIComponent(
  `import { appendFileSync } from 'node:fs'
   process.on('exit', () => {
     const { user, system } = process.cpuUsage()
     appendFileSync(process.env.FORESCALE_BENCH_CPU, (user + system) + '\\n')
   })`,
)}`

const BARE_SERVER = `
  import { serve } from '@hono/node-server'
  import { Hono } from 'hono'
  process.on('SIGTERM', () => process.exit(0))
  serve({ fetch: new Hono().get('/readyz', (c) => c.text('ok')).fetch, port: +process.env.FORESCALE_PORT })`

const ONE_FETCH = `
  const answer = await fetch(process.env.FORESCALE_URL + '/v1/services')
  console.log(JSON.stringify(await answer.json()))`

interface Cost {
  readonly cpuMs: number
  readonly wallMs: number
}

export async function benchStart(): Promise<Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-bench-start-'))
  try {
    const config = path.join(folder, 'forescale.yaml')
    writeFileSync(config, CONFIG)
    const up = [LAUNCHER, 'up', '--config', config]
    const bare = ['--input-type=module', '--eval', BARE_SERVER]
    const nothing = ['--eval', '0']
    const peer = 'node --eval 0'
    return [
      ...(await besides(
        'start.version',
        peer,
        () => command(folder, [LAUNCHER, '--version']),
        () => command(folder, nothing),
      )),
      ...(await besides(
        'start.help',
        peer,
        () => command(folder, [LAUNCHER, '--help']),
        () => command(folder, nothing),
      )),
      ...(await whileUp(folder, up, (url) =>
        besides(
          'start.status',
          'node, one fetch of /v1/services',
          () => command(folder, [LAUNCHER, 'status'], { FORESCALE_URL: url }),
          () =>
            command(folder, ['--input-type=module', '--eval', ONE_FETCH], { FORESCALE_URL: url }),
        ),
      )),
      ...(await besides(
        'start.ready',
        'bare hono to its first 200',
        () => ready(folder, up),
        () => ready(folder, bare),
      )),
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The least of some runs, in turns with the peer's. */
async function besides(
  name: string,
  peer: string,
  ours: () => Promise<Cost>,
  theirs: () => Promise<Cost>,
): Promise<Figure[]> {
  const least = {
    ours: { cpuMs: Infinity, wallMs: Infinity },
    peer: { cpuMs: Infinity, wallMs: Infinity },
  }
  const keep = (old: Cost, cost: Cost): Cost => ({
    cpuMs: Math.min(old.cpuMs, cost.cpuMs),
    wallMs: Math.min(old.wallMs, cost.wallMs),
  })
  for (let run = 0; run < RUNS; run++) {
    least.ours = keep(least.ours, await ours())
    least.peer = keep(least.peer, await theirs())
  }
  return (['cpuMs', 'wallMs'] as const).map((what) => ({
    ...{
      name: `${name}.${what === 'cpuMs' ? 'cpu' : 'wall'}`,
      value: least.ours[what],
      unit: 'ms',
    },
    ...{ peer, ratio: least.ours[what] / least.peer[what] },
  }))
}

function start(folder: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const counted = path.join(folder, 'cpu')
  writeFileSync(counted, '')
  return spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...env,
      NODE_OPTIONS: `--import=${COUNTER}`,
      FORESCALE_BENCH_CPU: counted,
      FORESCALE_STATE_DIR: path.join(folder, 'state'),
    },
  })
}

const cpuMs = (folder: string): number =>
  readFileSync(path.join(folder, 'cpu'), 'utf8')
    .split('\n')
    .reduce((sum, line) => sum + Number(line) / 1000, 0)

const endOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))

async function command(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Cost> {
  const startMs = performance.now()
  const code = await endOf(start(folder, args, env))
  const wallMs = performance.now() - startMs
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return { wallMs, cpuMs: cpuMs(folder) }
}

/** Until /readyz is 200; then it is ended, which its processor time includes. */
async function ready(folder: string, args: readonly string[]): Promise<Cost> {
  let wallMs = Number.NaN
  const startMs = performance.now()
  await whileUp(folder, args, async () => {
    wallMs = performance.now() - startMs
  })
  return { wallMs, cpuMs: cpuMs(folder) }
}

async function whileUp<T>(
  folder: string,
  args: readonly string[],
  work: (url: string) => Promise<T>,
): Promise<T> {
  rmSync(path.join(folder, 'state'), { recursive: true, force: true })
  const port = await getPort({ host: '127.0.0.1' })
  const url = `http://127.0.0.1:${port}`
  const child = start(folder, args, { FORESCALE_PORT: String(port) })
  const ended = endOf(child)
  try {
    const startMs = performance.now()
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`)
      if (performance.now() - startMs > LIMIT_MS) throw new Error(`${args.join(' ')} is not ready`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return await work(url)
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  )
