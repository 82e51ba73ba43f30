/** What is said of a job beside BullMQ: that nobody wants it any more, wherever it is. */
import type { Queue } from 'bullmq'
import type { JobKind } from './job.ts'

/** What a worker says of a job that it gave up because nobody wants it. */
export const CANCELLED = 'it was cancelled'
/** Longer than any worker needs to hear of it. */
const KEEP_SECONDS = 60 * 60

export interface Keys {
  /** Removes it; a worker that is at it hears of it, and whoever waits for it. */
  cancel(kind: JobKind, id: string): Promise<void>
  isCancelled(kind: JobKind, id: string): Promise<boolean>
  /** It is wanted again. */
  forget(kind: JobKind, id: string): Promise<void>
}

export function createKeys(prefix: string, queueOf: (kind: JobKind) => Queue): Keys {
  const keyOf = (kind: JobKind, id: string): string => `${prefix}:jobs-cancelled:${kind}:${id}`
  const clientOf = (kind: JobKind) => queueOf(kind).backend.client
  return {
    async cancel(kind, id) {
      await (await clientOf(kind)).set(keyOf(kind, id), '1', { EX: KEEP_SECONDS })
      // one that is locked stays until its worker has heard of it
      await queueOf(kind).remove(id)
    },
    isCancelled: async (kind, id) => (await (await clientOf(kind)).get(keyOf(kind, id))) !== null,
    async forget(kind, id) {
      await (await clientOf(kind)).del(keyOf(kind, id))
    },
  }
}
