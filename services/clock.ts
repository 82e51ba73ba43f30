/** The only clocks. Manual time moves when somebody says so: tests, replays and outside judges share one door. */
export interface Clock {
  readonly kind: 'system' | 'manual'
  /** Unix time, ms. It may jump: who needs a duration or a deadline asks `monotonicMs`. */
  nowMs(): number
}

/** A clock that runs by itself, and what is timed by it. */
export interface RunningClock extends Clock {
  readonly kind: 'system'
  /** ms since an arbitrary instant; never jumps, never goes back. */
  monotonicMs(): number
  /** Runs `work` once, `delayMs` from now by the monotonic clock; the answer takes it back. */
  after(delayMs: number, work: () => void): () => void
}

export const systemClock: RunningClock = {
  kind: 'system',
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, work) {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
}

export interface ManualClock extends Clock {
  readonly kind: 'manual'
  moveTo(atMs: number): void
}

export function createManualClock(startMs = 0): ManualClock {
  let now = startMs
  return {
    kind: 'manual',
    nowMs: () => now,
    moveTo(atMs) {
      now = atMs
    },
  }
}
