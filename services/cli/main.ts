/** The command line: parses, runs one command, and turns whatever happened into an exit code. */
import { CommanderError } from 'commander'
import { DatasetError, DatasetUnreachable } from '../../datasets/dataset-error.ts'
import { ConfigError } from '../config-error.ts'
import { CommandFailure, EXIT } from './exit-codes.ts'
import { createProgram } from './program.ts'
import type { Surroundings } from './terminal.ts'

export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  let code: number = EXIT.ok
  try {
    const told = (ended: number) => {
      code = ended
    }
    const program = await createProgram(around, told, argv)
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    return endedBy(asFailure(error), around)
  }
}

/** What a data set's faults are to whoever asked for it. */
function asFailure(error: unknown): unknown {
  if (error instanceof DatasetError)
    return new CommandFailure(EXIT.usage, error.message, undefined, { cause: error })
  if (error instanceof DatasetUnreachable)
    return new CommandFailure(EXIT.unreachable, error.message, undefined, { cause: error })
  return error
}

function endedBy(error: unknown, { stderr }: Surroundings): number {
  // commander has said it already; help and version are no failures
  if (error instanceof CommanderError) {
    if (error.code === 'commander.invalidArgument' && !error.message.startsWith('error:')) {
      stderr.write(`forescale: ${error.message}\n`)
    }
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  }
  if (error instanceof ConfigError) {
    stderr.write(`${error.message}\n`)
    return EXIT.configInvalid
  }
  if (error instanceof CommandFailure) {
    stderr.write(
      `forescale: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`,
    )
    return error.exitCode
  }
  stderr.write(
    `forescale: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  )
  return EXIT.failure
}

/** As a process: the real streams, and Ctrl-C ends with 130. */
export async function main(): Promise<number> {
  watchLauncher()
  endQuietlyOnClosedPipe()
  const quit = () => process.exit(EXIT.interrupted)
  if (process.argv[2] !== 'up') process.once('SIGINT', quit)
  return runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    nowMs: () => Date.now(),
    takeInterrupts() {
      const told = new AbortController()
      process.off('SIGINT', quit)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => told.abort())
      return told.signal
    },
    takeHangups: (reread) => void process.on('SIGHUP', reread),
  })
}

/** Started by an older Node (forescale.js): when that one is gone, so are we. */
function watchLauncher(): void {
  if (process.env.FORESCALE_LAUNCHED === undefined || process.channel === undefined) return
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}

/** `forescale decisions | head` is no fault. */
function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })
}

if (import.meta.main) process.exitCode = await main()
