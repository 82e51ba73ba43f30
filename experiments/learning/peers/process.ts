/** One task in a process of its own: a line of JSON in, one out. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Played } from './results.ts'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill()
})

/** Throws with the process's last words where it fails. One thread, whatever library it has. */
export async function answerOf(
  file: string,
  args: readonly string[],
  task: object,
): Promise<Played> {
  const child = spawn(file, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
  })
  running.add(child)
  const exited = once(child, 'exit')
  // it may end before it has read: what it said then is the error
  child.stdin.on('error', () => undefined)
  child.stdin.end(`${JSON.stringify(task)}\n`)
  const [answer, complaint] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code, signal] = await exited
  running.delete(child)
  if (code === 0) return Played.parse(JSON.parse(answer))
  const words = complaint.trim().split('\n').slice(-8).join('\n')
  throw new Error(`${file} ended with ${signal ?? `code ${code}`}:\n${words}`)
}
