/**
 * One part, kept running: started as a child process with an IPC channel (whose end tells it that we are gone),
 * started again with backoff when it dies, stopped with SIGTERM and after a limit with SIGKILL.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { z } from 'zod'

const BACKOFF_FIRST_MS = 250
const BACKOFF_MOST_MS = 8000
/** A part that was ready this long starts again at the first backoff. */
const STEADY_AFTER_MS = 20_000
/** Deaths before it was ever ready that are forgiven. */
const FIRST_START_RETRIES = 2
const LOG_TAIL_LINES = 12

const Message = z.object({ kind: z.enum(['ready', 'status', 'failed']), line: z.string() })

export type PartState = 'waiting' | 'starting' | 'ready' | 'died' | 'stopping' | 'stopped'

export interface PartSpec {
  readonly name: string
  readonly file: string
  readonly env: NodeJS.ProcessEnv
  readonly logFile: string
}

export interface PartView {
  readonly name: string
  readonly state: PartState
  readonly line: string
  readonly pid: number | undefined
}

/** A part that cannot be started at all; the message says why. */
export class PartFailed extends Error {}

export interface Supervised {
  /** Resolves when the part is ready for the first time; rejects with PartFailed when it cannot become so. */
  start(): Promise<void>
  stop(limitMs: number): Promise<void>
  kill(): void
  view(): PartView
}

export function supervise(spec: PartSpec, onChange: (view: PartView) => void): Supervised {
  let state: PartState = 'waiting'
  let line = ''
  let child: ChildProcess | undefined
  let deathsInRow = 0
  let readySinceMs = 0
  let everReady = false
  let reason: string | undefined
  let timer: NodeJS.Timeout | undefined
  const first = Promise.withResolvers<void>()

  const view = (): PartView => ({ name: spec.name, state, line, pid: child?.pid })
  const change = (next: PartState, nextLine = line) => {
    state = next
    line = nextLine
    onChange(view())
  }

  function spawnPart(): void {
    reason = undefined
    const log = openSync(spec.logFile, 'a')
    const forked = fork(spec.file, [], {
      env: spec.env,
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
    })
    closeSync(log)
    child = forked
    forked.on('message', (raw) => heard(Message.parse(raw)))
    forked.on('error', () => {}) // a failed send to a dying child; its exit follows
    forked.once('exit', (code, signal) => ended(signal ?? `code ${code}`))
    change('starting', '')
  }

  function heard(message: z.infer<typeof Message>): void {
    if (state === 'stopping') return
    if (message.kind === 'failed') {
      reason = message.line
    } else if (message.kind === 'ready') {
      everReady = true
      readySinceMs = Date.now()
      change('ready', message.line)
      first.resolve()
    } else if (message.line !== line) change(state, message.line)
  }

  function ended(how: string): void {
    child = undefined
    if (state === 'stopping') {
      change('stopped', '')
      return
    }
    if (state === 'ready' && Date.now() - readySinceMs > STEADY_AFTER_MS) deathsInRow = 0
    deathsInRow++
    if (!everReady && (reason !== undefined || deathsInRow > FIRST_START_RETRIES)) {
      change('died', reason ?? how)
      const why = reason ?? `${how}\n${tailOf(spec.logFile)}`
      first.reject(new PartFailed(`${spec.name}: ${why}`))
      return
    }
    const waitMs = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** (deathsInRow - 1))
    change('died', `${reason ?? how}; starts again in ${(waitMs / 1000).toFixed(1)} s`)
    timer = setTimeout(spawnPart, waitMs)
  }

  return {
    view,
    start() {
      spawnPart()
      return first.promise
    },
    async stop(limitMs) {
      clearTimeout(timer)
      const running = child
      if (!running) return change('stopped', '')
      change('stopping', '')
      const gone = new Promise((resolve) => running.once('exit', resolve))
      running.kill('SIGTERM')
      const limit = setTimeout(() => running.kill('SIGKILL'), limitMs)
      await gone
      clearTimeout(limit)
    },
    kill() {
      clearTimeout(timer)
      child?.kill('SIGKILL')
    },
  }
}

function tailOf(logFile: string): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n')
  } catch {
    return ''
  }
}
