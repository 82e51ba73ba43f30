/** The thread that runs batches, one at a time, and tells every finished job at once: it survives what comes after. */
import { parentPort, workerData } from 'node:worker_threads'
import { z } from 'zod'
import { executeBatch } from './execute.ts'
import type { Batch, Finished } from './jobs.ts'

const Given = z.object({ env: z.record(z.string(), z.string().optional()) })

export type FromWorker =
  | { readonly kind: 'finished'; readonly finished: Finished }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string }

const tell = (message: FromWorker): void => parentPort?.postMessage(message)

parentPort?.on('message', (batch: Batch) => {
  const { env } = Given.parse(workerData)
  const nowMs = () => performance.now()
  executeBatch(batch, { library: { env }, nowMs }, (finished) =>
    tell({ kind: 'finished', finished }),
  )
    .then(() => tell({ kind: 'done' }))
    .catch((error: unknown) =>
      tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    )
})
