/** A peer's program as a few processes that answer one task after the other, by JSON lines; each task has a time limit. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const TASK_LIMIT_MS = 15 * 60 * 1000
const PeerAnswer = z.object({ seconds: z.number(), failures: z.array(z.string()) })
export type PeerAnswer = z.infer<typeof PeerAnswer>

export interface PeerTask {
  readonly task: unknown
  readonly done: (answer: PeerAnswer) => void
  /** It took too long, or its process ended. */
  readonly failed: (reason: string) => void
}

export interface PeerProgram {
  readonly python: string
  readonly script: string
  readonly processes: number
  readonly tasks: readonly PeerTask[]
}

/** Settles when every task has been answered one way or the other. Throws when the program cannot be started at all. */
export async function runPeerProcesses(program: PeerProgram): Promise<void> {
  let next = 0
  const one = async () => {
    let peer: Peer | undefined
    while (next < program.tasks.length) {
      const { task, done, failed } = program.tasks[next++]!
      peer ??= start(program)
      const answer = await peer.ask(task)
      if ('reason' in answer) {
        peer.end()
        peer = undefined
        failed(answer.reason)
      } else done(answer)
    }
    peer?.end()
  }
  const processes = Math.min(program.processes, program.tasks.length)
  await Promise.all(Array.from({ length: processes }, one))
}

interface Peer {
  ask(task: unknown): Promise<PeerAnswer | { readonly reason: string }>
  end(): void
}

function start({ python, script }: PeerProgram): Peer {
  const child = spawn(python, [script], {
    // the machine's cores are shared out between processes, not inside one
    env: {
      ...process.env,
      OMP_NUM_THREADS: '1',
      NUMBA_NUM_THREADS: '1',
      PYTHONPATH: dirname(script),
    },
    stdio: 'pipe',
  })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors.push(text)
    if (errors.length > 50) errors.shift()
  })
  child.stdin.on('error', () => {}) // a process that is gone is told by its exit
  const lines = createInterface({ input: child.stdout })
  return {
    ask: (task) => ask(child, lines, errors, task),
    end: () => {
      child.kill('SIGKILL')
    },
  }
}

function ask(
  child: ChildProcessWithoutNullStreams,
  lines: ReturnType<typeof createInterface>,
  errors: readonly string[],
  task: unknown,
): Promise<PeerAnswer | { readonly reason: string }> {
  return new Promise((resolve) => {
    const settle = (answer: PeerAnswer | { readonly reason: string }) => {
      clearTimeout(limit)
      lines.off('line', onLine)
      child.off('exit', onExit)
      child.off('error', onError)
      resolve(answer)
    }
    const onLine = (line: string) => settle(PeerAnswer.parse(JSON.parse(line)))
    const onError = (error: Error) => settle({ reason: error.message })
    const onExit = () => settle({ reason: `ended: ${errors.join('').trim().slice(-300)}` })
    const limit = setTimeout(
      () => settle({ reason: `took longer than ${TASK_LIMIT_MS / 1000} s` }),
      TASK_LIMIT_MS,
    )
    if (child.exitCode !== null || child.signalCode !== null) {
      onExit()
      return
    }
    lines.on('line', onLine)
    child.on('exit', onExit)
    child.on('error', onError)
    child.stdin.write(`${JSON.stringify(task)}\n`)
  })
}
