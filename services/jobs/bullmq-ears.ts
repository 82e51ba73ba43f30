/** What queues tell by their events, by job: that it has ended, and what it says as it goes on. */
import { QueueEvents } from 'bullmq'
import { z } from 'zod'
import type { JobsConfig } from './config.ts'
import type { JobKind } from './job.ts'
import type { AskOptions } from './job-queue.ts'
import { unpack } from './packed.ts'
import type { RedisConnection } from './redis-address.ts'
import { within } from './within.ts'

const GOODBYE_LIMIT_MS = 3000

export interface EarsDeps {
  readonly connection: RedisConnection
  readonly config: JobsConfig
  readonly queueName: (kind: JobKind) => string
}

const Progress = z.object({ packed: z.string() })

export function createEars({ connection, config, queueName }: EarsDeps) {
  const open = new Map<JobKind, QueueEvents>()
  const wakers = new Map<string, Set<() => void>>()
  const tellers = new Map<string, Set<(progress: unknown) => void>>()
  const wake = ({ jobId }: { jobId: string }): void => {
    for (const waker of wakers.get(jobId) ?? []) waker()
  }

  function hear(kind: JobKind): void {
    if (open.has(kind)) return
    const events = new QueueEvents(queueName(kind), {
      connection: { ...connection },
      prefix: config.prefix,
    })
    // without events answers are looked for
    events.on('error', () => undefined)
    for (const name of ['completed', 'failed', 'removed'] as const) events.on(name, wake)
    events.on('progress', ({ jobId, data }) => {
      const told = tellers.get(jobId)
      if (!told) return
      unpack(Progress.parse(data).packed)
        .then((progress) => told.forEach((tell) => void tell(progress)))
        .catch(() => undefined)
    })
    open.set(kind, events)
  }

  return {
    /** Resolves at the job's next event, after `limitMs`, or when aborted. */
    next(kind: JobKind, id: string, limitMs: number, signal: AbortSignal): Promise<void> {
      hear(kind)
      return new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          remove(wakers, id, done)
          resolve()
        }
        const timer = setTimeout(done, limitMs)
        signal.addEventListener('abort', done, { once: true })
        insert(wakers, id, done)
        if (signal.aborted) done()
      })
    },
    /** Until what it returns is called. */
    tell(kind: JobKind, id: string, onProgress: AskOptions['onProgress']): () => void {
      if (!onProgress) return () => {}
      hear(kind)
      insert(tellers, id, onProgress)
      return () => remove(tellers, id, onProgress)
    },
    async close(): Promise<void> {
      const closing = [...open.values()].map((events) =>
        within(GOODBYE_LIMIT_MS, () => events.close()).catch(() => undefined),
      )
      await Promise.all(closing)
    },
  }
}

function insert<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const set = sets.get(key) ?? new Set()
  sets.set(key, set.add(value))
}

function remove<Value>(sets: Map<string, Set<Value>>, key: string, value: Value): void {
  const set = sets.get(key)
  set?.delete(value)
  if (set?.size === 0) sets.delete(key)
}
