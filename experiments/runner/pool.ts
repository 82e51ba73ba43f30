/** Threads that run batches side by side. Which thread runs what changes no result. */
import { Worker } from 'node:worker_threads'
import type { Batch, Finished } from './jobs.ts'
import type { FromWorker } from './worker.ts'

export class RunFailed extends Error {}

export interface Pool {
  /** Runs a batch on a free thread, waiting for one. Rejects with RunFailed when a run throws or its thread ends. */
  run(batch: Batch, onFinished: (finished: Finished) => void): Promise<void>
  close(): Promise<void>
}

export function createPool(
  threads: number,
  env: Readonly<Record<string, string | undefined>>,
): Pool {
  const free: Worker[] = []
  const all = new Set<Worker>()
  const waiting: (() => void)[] = []
  let busy = 0

  async function slot(): Promise<void> {
    if (busy >= threads) await new Promise<void>((resume) => waiting.push(resume))
    busy++
  }
  const take = (): Worker => {
    const worker =
      free.pop() ?? new Worker(new URL('./worker.ts', import.meta.url), { workerData: { env } })
    all.add(worker)
    return worker
  }
  return {
    async run(batch, onFinished) {
      await slot()
      const worker = take()
      try {
        await runOn(worker, batch, onFinished)
        free.push(worker)
      } catch (error) {
        all.delete(worker)
        await worker.terminate()
        throw error
      } finally {
        busy--
        waiting.shift()?.()
      }
    },
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

function runOn(
  worker: Worker,
  batch: Batch,
  onFinished: (finished: Finished) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const { plan, seed, setting } = batch.jobs[0]!
    const what = `${plan.name}, ${setting.arm}, seed ${seed}`
    const fail = (why: string) => settle(() => reject(new RunFailed(`${what}: ${why}`)))
    const keep = (finished: Finished) => {
      try {
        onFinished(finished)
      } catch (error) {
        fail(`its result could not be kept: ${(error as Error).message}`)
      }
    }
    const onMessage = (message: FromWorker) => {
      if (message.kind === 'finished') keep(message.finished)
      else if (message.kind === 'done') settle(resolve)
      else fail(message.message)
    }
    const onError = (error: Error) => fail(error.message)
    const onExit = (code: number) => fail(`its thread ended with code ${code}`)
    const settle = (then: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      then()
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(batch)
  })
}
