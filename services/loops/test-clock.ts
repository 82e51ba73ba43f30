/** A running clock of tests: time stands until a test lets it pass, and timers fire when the test says so. */
import type { RunningClock } from '../clock.ts'

/** True time, ms; several clocks may go by one. */
export interface TestTime {
  ms: number
}

export interface TestClock {
  readonly clock: RunningClock
  pass(ms: number): void
  /** Lets time pass as far as what is due next, and begins that. */
  next(): void
}

/** `aheadMs`: by how much its wall clock is ahead of true time. */
export function createTestClock(time: TestTime = { ms: 60_000_000 }, aheadMs = 0): TestClock {
  const waiting = new Map<() => void, number>()
  return {
    clock: {
      kind: 'system',
      nowMs: () => time.ms + aheadMs,
      monotonicMs: () => time.ms,
      after(delayMs, work) {
        waiting.set(work, time.ms + delayMs)
        return () => waiting.delete(work)
      },
    },
    pass(ms) {
      time.ms += ms
    },
    next() {
      const [work, dueMs] = [...waiting].reduce((a, b) => (b[1] < a[1] ? b : a))
      waiting.delete(work)
      time.ms = Math.max(time.ms, dueMs)
      work()
    },
  }
}
