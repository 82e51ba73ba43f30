/** Runs walks in a worker thread, which is begun anew after one that crashed. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { RollingResult } from '../../forecaster/accuracy/rolling.ts'
import type { WalkRequest } from './walk-worker.ts'

export interface Walker {
  /** One at a time. Rejects with what the walk threw, or when its thread ended. */
  walk(request: WalkRequest): Promise<RollingResult>
  close(): Promise<void>
}

export function createWalker(file = new URL('./walk-worker.ts', import.meta.url)): Walker {
  let worker: Worker | undefined
  return {
    async walk(request) {
      worker ??= new Worker(file)
      const current = worker
      const settled = new AbortController()
      const { signal } = settled
      const ended = once(current, 'exit', { signal }).then(([code]) => {
        throw new Error(`the thread ended with code ${code}`)
      })
      try {
        // `once` rejects by itself when the thread emits an error
        const answered = once(current, 'message', { signal })
        current.postMessage(request)
        const [result] = await Promise.race([answered, ended])
        return result
      } catch (error) {
        worker = undefined
        await current.terminate()
        throw error
      } finally {
        ended.catch(() => undefined)
        settled.abort()
      }
    },
    async close() {
      await worker?.terminate()
      worker = undefined
    },
  }
}
