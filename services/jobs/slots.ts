/** How many jobs a worker does side by side, of all kinds together; where several wait, the most urgent kind goes first. */
import { JOB_KINDS, type JobKind } from './job.ts'

export interface Slots {
  /** Resolves when there is room. Rejects with the signal's reason when that comes first. */
  take(kind: JobKind, signal: AbortSignal): Promise<void>
  /** Gives back what was taken. */
  leave(): void
}

interface Waiting {
  readonly urgency: number
  readonly enter: () => void
}

export function createSlots(size: number): Slots {
  let free = size
  const waiting: Waiting[] = []
  return {
    async take(kind, signal) {
      signal.throwIfAborted()
      if (free > 0) {
        free--
        return
      }
      const urgency = JOB_KINDS.indexOf(kind)
      await new Promise<void>((resolve, reject) => {
        const one: Waiting = {
          urgency,
          enter() {
            signal.removeEventListener('abort', giveUp)
            resolve()
          },
        }
        const giveUp = (): void => {
          waiting.splice(waiting.indexOf(one), 1)
          reject(signal.reason)
        }
        signal.addEventListener('abort', giveUp, { once: true })
        waiting.push(one)
      })
    },
    leave() {
      const first = waiting.reduce<Waiting | undefined>(
        (best, one) => (best === undefined || one.urgency < best.urgency ? one : best),
        undefined,
      )
      if (first === undefined) {
        free++
        return
      }
      waiting.splice(waiting.indexOf(first), 1)
      first.enter()
    },
  }
}
