/** Real servers for tests, each on a free loopback port over a folder of its own: influxd, Prometheus, VictoriaMetrics. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import getPort from 'get-port'

const READY_LIMIT_MS = 40_000
/** influxd is built from source, which a machine may not have had the time for; see install-influxdb.sh. */
const INFLUXD = path.join(homedir(), '.cache/forescale/influxdb/influxd')
const TOKEN = 'token-of-tests'

export interface RunningServer {
  readonly url: string
  readonly folder: string
  /** Ends the process and keeps its data. */
  stop(): Promise<void>
  /** Freezes it: it still holds its port, and says nothing. */
  freeze(): void
  thaw(): void
  /** Again on the same port with the same data. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  remove(): Promise<void>
}

export interface InfluxServer extends RunningServer {
  readonly org: string
  readonly token: string
}

const isThere = (command: string): boolean => {
  try {
    execFileSync('which', [command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

export const hasInfluxd = existsSync(INFLUXD)
export const hasPrometheus = isThere('prometheus')
export const hasVictoria = isThere('victoria-metrics')

/** Says loudly what a suite could not be run against; on a build machine only influxd may be absent. */
export function announce(server: string, there: boolean): void {
  if (there) return
  const line = `${server} IS NOT HERE: nothing of this suite was run against it`
  process.stderr.write(`\n*** ${line} ***\n\n`)
  if (process.env.CI && server !== 'influxd') throw new Error(line)
}

async function serverOf(
  command: string,
  argsOf: (folder: string, port: number) => readonly string[],
  readyPath: string,
  readyStatus = 200,
): Promise<RunningServer> {
  const folder = await mkdtemp(path.join(tmpdir(), `forescale-${path.basename(command)}-`))
  const port = await getPort({ host: '127.0.0.1' })
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let said = ''
  async function start(): Promise<void> {
    const args = argsOf(folder, port)
    child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    const note = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2000)
    }
    child.stdout?.on('data', note)
    child.stderr?.on('data', note)
    const untilMs = Date.now() + READY_LIMIT_MS
    while (!(await answers(url + readyPath, readyStatus))) {
      if (child.exitCode !== null || Date.now() > untilMs)
        throw new Error(`${command} did not begin to answer: ${said}`)
      await pause(50)
    }
  }
  async function stop(): Promise<void> {
    const one = child
    child = undefined
    if (!one || one.exitCode !== null || one.signalCode !== null) return
    one.kill('SIGCONT')
    one.kill('SIGTERM')
    const gone = once(one, 'exit')
    const inTime = await Promise.race([gone.then(() => true), pause(5000, false)])
    if (!inTime) one.kill('SIGKILL')
    await gone
  }
  return {
    ...{ url, folder, start, stop },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async remove() {
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function answers(url: string, status: number): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1000) })).status === status
  } catch {
    return false
  }
}

export async function startInflux(): Promise<InfluxServer> {
  const server = await serverOf(
    INFLUXD,
    (folder, port) => [
      ...['--bolt-path', path.join(folder, 'influxd.bolt')],
      ...['--sqlite-path', path.join(folder, 'influxd.sqlite')],
      ...['--engine-path', path.join(folder, 'engine')],
      ...['--http-bind-address', `127.0.0.1:${port}`],
      ...['--reporting-disabled', '--log-level', 'error'],
    ],
    '/health',
  )
  await server.start()
  const setup = { username: 'u', password: 'password', org: 'forescale', bucket: 'first' }
  const response = await fetch(`${server.url}/api/v2/setup`, {
    method: 'POST',
    body: JSON.stringify({ ...setup, token: TOKEN }),
  })
  if (response.status !== 201) throw new Error(`set-up of influxd: ${await response.text()}`)
  return { ...server, org: 'forescale', token: TOKEN }
}

/** Takes remote-write, and samples out of order as far back as tests go. One that speaks TLS tells us so with 400. */
export async function startPrometheus(
  config = '',
  args: readonly string[] = [],
  readyStatus = 200,
): Promise<RunningServer> {
  const server = await serverOf(
    'prometheus',
    (folder, port) => [
      `--config.file=${path.join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(folder, 'data')}`,
      '--storage.tsdb.retention.time=10y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
      '--log.level=error',
      ...args,
    ],
    '/-/ready',
    readyStatus,
  )
  const storage = 'storage:\n  tsdb:\n    out_of_order_time_window: 720h\n'
  await mkdir(server.folder, { recursive: true })
  await writeFile(path.join(server.folder, 'prometheus.yml'), storage + config)
  await server.start()
  return server
}

export async function startVictoria(): Promise<RunningServer> {
  const server = await serverOf(
    'victoria-metrics',
    (folder, port) => [
      `-storageDataPath=${path.join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
      '-search.latencyOffset=0s',
      '-loggerLevel=ERROR',
    ],
    '/health',
  )
  await server.start()
  return server
}
