/**
 * The same batches through Redis: BullMQ workers on any number of machines run them, each on its own threads. A worker
 * whose code differs refuses: its results would not be those of the experiment.
 */
import { Queue, QueueEvents, Worker } from 'bullmq'
import { z } from 'zod'
import { type Batch, codeVersion, type Finished } from './jobs.ts'
import type { Pool } from './pool.ts'
import { RunFailed } from './pool.ts'

const QUEUE = 'forescale-experiments'
const KEEP_SECONDS = 24 * 60 * 60
/** A worker that is gone for so long loses its batch to another. */
const LOCK_MS = 60_000

/** Throws a RangeError for an address that is none of Redis. */
export function redisOf(address: string): { url: string; maxRetriesPerRequest: null } {
  const url = URL.parse(address)
  if (url === null || !/^rediss?:$/.test(url.protocol))
    throw new RangeError(
      `queue ${address} is not allowed; allowed: redis://host:port or rediss://…`,
    )
  return { url: address, maxRetriesPerRequest: null }
}

/** A pool whose threads are elsewhere. A batch that was done within a day is not done again. */
export async function createRemotePool(address: string): Promise<Pool> {
  const connection = redisOf(address)
  const queue = new Queue(QUEUE, { connection })
  const events = new QueueEvents(QUEUE, { connection })
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()])
  return {
    async run(batch, onFinished) {
      const before = await queue.getJob(batch.id)
      if (before && (await before.isFailed())) await before.remove()
      const job = await queue.add('batch', batch, {
        jobId: batch.id,
        removeOnComplete: { age: KEEP_SECONDS },
        removeOnFail: { age: KEEP_SECONDS },
      })
      try {
        for (const finished of (await job.waitUntilFinished(events)) as Finished[])
          onFinished(finished)
      } catch (error) {
        throw new RunFailed(error instanceof Error ? error.message : String(error))
      }
    },
    async close() {
      await Promise.all([events.close(), queue.close()])
    },
  }
}

const Code = z.object({ code: z.string() })

/** Takes batches until closed; `onBatch` is told of each that is done. */
export async function startQueueWorker(
  address: string,
  pool: Pool,
  threads: number,
  onBatch: (batch: Batch) => void,
): Promise<{ close(): Promise<void> }> {
  const own = codeVersion()
  const worker = new Worker<Batch, Finished[]>(
    QUEUE,
    async ({ data }) => {
      const { code } = Code.parse(data)
      if (code !== own) throw new Error(`code ${code} was asked for, this worker has ${own}`)
      const finished: Finished[] = []
      await pool.run(data, (one) => void finished.push(one))
      onBatch(data)
      return finished
    },
    { connection: redisOf(address), concurrency: threads, lockDuration: LOCK_MS },
  )
  // what a job throws is told to who asked for it; this is about the connection, which is tried again by itself
  worker.on('error', () => undefined)
  await worker.waitUntilReady()
  return { close: () => worker.close() }
}
