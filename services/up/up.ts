/**
 * `forescale up`: supervises everything that the configuration names, in the foreground, until it is told to stop.
 * Parts are children with an IPC channel, so that they end by themselves however this process ends.
 */
import { createServer } from 'node:net'
import path from 'node:path'
import { refuseOpenDoor } from '../access/exposure.ts'
import { CommandFailure, EXIT } from '../cli/exit-codes.ts'
import type { AppConfig } from '../config.ts'
import { loadConfigFile } from '../config-file.ts'
import { ensureEpochMs } from '../load/epoch.ts'
import { type Board, type BoardStream, createBoard } from './board.ts'
import { PART_NAMES, type PartName } from './part-names.ts'
import { type Plan, planParts } from './parts.ts'
import { removeRuntime, writeRuntime } from './runtime-file.ts'
import { lockState, StateInUse } from './state-lock.ts'
import { PartFailed, type Supervised, supervise } from './supervised.ts'

/** A new demo begins at this time of its compressed day: the load is about to climb, so there is something to see. */
const FIRST_PHASE = 0.22
const STOP_LIMIT_MS = 10_000

export interface UpOptions {
  readonly configFile: string
  readonly env: NodeJS.ProcessEnv
  readonly stdout: BoardStream
  /** Parts to run; all by default. */
  readonly only?: readonly PartName[]
}

/**
 * Returns the exit code: 130 after SIGINT, 0 after SIGTERM or SIGHUP. Throws ConfigError for a wrong configuration,
 * CommandFailure when the port or the state folder is taken or a part cannot start.
 */
export async function runUp(options: UpOptions): Promise<number> {
  const { env, stdout, only = PART_NAMES } = options
  const configFile = path.resolve(options.configFile)
  const config = loadConfigFile(configFile, env)
  refuseOpenDoor(config.http)
  await checkPort(config)
  const stateDir = path.resolve(config.stateDir)
  const unlock = takeState(stateDir)
  try {
    if (config.shop)
      ensureEpochMs(stateDir, Math.floor(Date.now() - FIRST_PHASE * config.shop.dayMs))
    const plan = await planParts({ config, configFile, stateDir, env, only })
    return await runParts(config, stateDir, plan, createBoard(stdout))
  } finally {
    removeRuntime(stateDir)
    unlock()
  }
}

async function runParts(
  config: AppConfig,
  stateDir: string,
  plan: Plan,
  board: Board,
): Promise<number> {
  const told = awaitSignal()
  let known = ''
  const parts: Supervised[] = plan.parts.map((spec) =>
    supervise(spec, (changed) => {
      const views = parts.map((part) => part.view())
      const running = views.flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]))
      if (JSON.stringify(running) !== known) {
        known = JSON.stringify(running)
        writeRuntime(stateDir, { pid: process.pid, urls: plan.urls, parts: running })
      }
      board.show(views, changed)
    }),
  )
  try {
    const started = startInOrder(parts, told.stopped).then(() => {
      if (!told.stopped()) board.say(readyLines(config, stateDir, plan))
    })
    started.catch(() => {}) // told below, unless a signal came first
    await Promise.race([started.then(() => told.signal), told.signal])
  } catch (error) {
    if (error instanceof PartFailed) throw new CommandFailure(EXIT.failure, error.message)
    throw error
  } finally {
    told.onSecond(() => {
      for (const part of parts) part.kill()
    })
    for (const part of parts.toReversed()) await part.stop(STOP_LIMIT_MS)
    told.close()
    board.close()
  }
  return (await told.signal) === 'SIGINT' ? EXIT.interrupted : EXIT.ok
}

async function startInOrder(parts: readonly Supervised[], stopped: () => boolean): Promise<void> {
  for (const part of parts) {
    if (stopped()) return
    await part.start()
  }
}

function readyLines(config: AppConfig, stateDir: string, { urls }: Plan): string[] {
  const what = config.shop ? "the demo's own processes" : 'its target'
  const mode =
    config.mode === 'enforce'
      ? `mode enforce: decisions are carried out on ${what}; "forescale pause" stops all changes`
      : `mode ${config.mode}: nothing is changed`
  return [mode, `state and logs in ${stateDir}; Ctrl-C stops everything`, urls.dashboard]
}

interface Told {
  /** The first signal to stop. */
  readonly signal: Promise<NodeJS.Signals>
  stopped(): boolean
  /** What a further signal does: a person who asks twice does not want to wait. */
  onSecond(action: () => void): void
  close(): void
}

function awaitSignal(): Told {
  const first = Promise.withResolvers<NodeJS.Signals>()
  let stopped = false
  let second = () => {}
  const heard = (signal: NodeJS.Signals) => {
    if (stopped) return second()
    stopped = true
    first.resolve(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, heard)
  return {
    signal: first.promise,
    stopped: () => stopped,
    onSecond(action) {
      second = action
    },
    close() {
      for (const signal of signals) process.off(signal, heard)
    },
  }
}

function takeState(stateDir: string): () => void {
  try {
    return lockState(stateDir)
  } catch (error) {
    if (!(error instanceof StateInUse)) throw error
    const hint =
      'stop that one first, or choose another folder with stateDir or FORESCALE_STATE_DIR'
    throw new CommandFailure(EXIT.conflict, error.message, hint, { cause: error })
  }
}

/** Found out before anything is started, since this is what most often goes wrong. */
async function checkPort({ http: { host, port } }: AppConfig): Promise<void> {
  const probe = createServer()
  const fault = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    probe.once('error', resolve)
    probe.listen(port, host, () => probe.close(() => resolve(undefined)))
  })
  if (!fault) return
  const why = fault.code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${fault.message})`
  throw new CommandFailure(
    EXIT.unreachable,
    `port ${port} on ${host} ${why}`,
    'choose another one: FORESCALE_PORT=8081 forescale up (or http.port in the configuration)',
    { cause: fault },
  )
}
