/** One attempt at a job, ended in time: its handler is told by its signal, and what it says after that counts for nothing. */
import type { JobContext, JobHandler } from './job-queue.ts'

export interface Attempt {
  readonly handler: JobHandler
  readonly payload: unknown
  readonly context: Omit<JobContext, 'signal'>
  readonly limitMs: number
  /** Aborted with an Error: the attempt rejects with that. */
  readonly signal: AbortSignal
}

/** Rejects with what the handler threw, with the signal's reason, or because time was up. */
export async function attempt(given: Attempt): Promise<unknown> {
  const { handler, payload, context, limitMs, signal } = given
  const ending = new AbortController()
  const end = () => ending.abort(signal.reason)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  const late = new Error(`the attempt took longer than ${limitMs} ms`)
  // no timer is longer than 2³¹ − 1 ms
  const timer = setTimeout(() => ending.abort(late), Math.min(limitMs, 2 ** 31 - 1))
  const ended = new Promise<never>((_, reject) => {
    const tell = () => reject(ending.signal.reason)
    if (ending.signal.aborted) tell()
    ending.signal.addEventListener('abort', tell, { once: true })
  })
  try {
    return await Promise.race([handler(payload, { ...context, signal: ending.signal }), ended])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    ended.catch(() => undefined)
  }
}
