/**
 * `forescale train` in a process of its own, at low priority and without our environment's secrets: what it says line by line,
 * and how it ended. No tick waits for it, and it can be killed at any time: it goes on from its last round.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { TrainingEvent } from './progress.ts'

const MAIN = fileURLToPath(new URL('./train-main.ts', import.meta.url))
/** What it is told of the environment. */
const HANDED_ON = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'] as const
const TAIL_CHARACTERS = 2000

export interface TrainProcess {
  readonly pid: number | undefined
  readonly ended: Promise<Ending>
  kill(): void
}

export interface Ending {
  /** Null when a signal ended it, or it could not be started. */
  readonly code: number | null
  /** The last that it said to people. */
  readonly said: string
}

/** It is done, or ended with a fault that will be there the next time too; 1 may be anything. */
export const isOver = ({ code }: Ending): boolean => code !== null && code !== 1

export interface TrainCall {
  /** Of `forescale train`, without `--events`. */
  readonly args: readonly string[]
  readonly cwd: string
  readonly onEvent: (event: TrainingEvent) => void
  /** Somebody waits for it: as urgent as we are. Else it yields to ticks. */
  readonly isAwaited?: boolean
}

export function startTraining({ args, cwd, onEvent, isAwaited }: TrainCall): TrainProcess {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', MAIN, 'train', ...args, '--events'],
    { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: environment() },
  )
  if (!isAwaited) yieldToTicks(child)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-TAIL_CHARACTERS)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = TrainingEvent.safeParse(parsed(line))
    if (event.success) onEvent(event.data)
  })
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ code: null, said: error.message }))
    child.once('close', (code) => resolve({ code, said: said.trim() }))
  })
  return { pid: child.pid, ended, kill: () => void child.kill('SIGKILL') }
}

function environment(): NodeJS.ProcessEnv {
  const handedOn = HANDED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...Object.fromEntries(handedOn), FORESCALE_TRAINS_FOR: String(process.pid) }
}

function yieldToTicks({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // where priorities cannot be set, the system shares fairly
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The line that says why: where a process fell over, the error and not what is printed after it. */
export function reasonIn(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const reason = lines.find((line) => /^(forescale: |\w*Error\b)/.test(line)) ?? lines.at(-1)
  return reason ?? 'its process ended without a word'
}
