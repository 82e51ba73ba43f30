/**
 * Ticks go on while the store is away: a book whose read may fail. Where it fails the book stays where it stood, its
 * loads grow old, and the freshness ladder does the rest; what was missed is read when the store answers again. A tick
 * asks twice; a question that has just failed is not asked again for the same instant, which would cost its time twice.
 */
import type { LoadBook } from './load-book.ts'

export interface ReadFault {
  /** Since when, ms of the tick's clock. */
  readonly sinceMs: number
  readonly error: unknown
}

export interface TolerantBook extends LoadBook {
  /** Why the last read failed; undefined when it did not. */
  fault(): ReadFault | undefined
}

export interface Told {
  failed(error: unknown): void
  recovered(fault: ReadFault): void
}

export function tolerant(book: LoadBook, told: Told): TolerantBook {
  let fault: ReadFault | undefined
  let failedAtMs = Number.NaN
  return {
    ...book,
    fault: () => fault,
    async read(nowMs) {
      if (failedAtMs === nowMs) return
      try {
        await book.read(nowMs)
        if (fault) told.recovered(fault)
        fault = undefined
        failedAtMs = Number.NaN
      } catch (error) {
        if (!fault) told.failed(error)
        fault = { sinceMs: fault?.sinceMs ?? nowMs, error }
        failedAtMs = nowMs
      }
    },
  }
}
