/**
 * A loop on the clock's grid that never overlaps itself: a tick that is not done when the next is due skips it. Nor does one
 * follow close on another that was late: what that one set going, replicas that leave and still cost, takes its time.
 */
import type { RunningClock } from '../clock.ts'

export interface Every {
  stop(): Promise<void>
}

export interface EveryOptions {
  readonly periodMs: number
  /** Offset from the grid, so that what happens on the grid itself has arrived. */
  readonly offsetMs: number
  readonly run: (dueMs: number) => Promise<void>
  readonly onSkip: (skipped: number) => void
  readonly clock: RunningClock
  /** When something ran last, by the monotonic clock; absent: nothing did. */
  readonly ranMs?: number | undefined
}

/** From one beginning to the next at least, of a period. */
const LEAST_APART = 0.5

export function every(options: EveryOptions): Every {
  const { periodMs, offsetMs, run, onSkip, clock } = options
  let stopped = false
  let cancel: () => void = () => {}
  let running: Promise<void> = Promise.resolve()
  let begunMs = options.ranMs ?? Number.NEGATIVE_INFINITY
  const nextDue = (afterMs: number) => {
    const restMs = Math.max(0, begunMs + LEAST_APART * periodMs - clock.monotonicMs())
    return (Math.floor((afterMs + restMs - offsetMs) / periodMs) + 1) * periodMs + offsetMs
  }

  function schedule(dueMs: number): void {
    cancel = clock.after(Math.max(0, dueMs - clock.nowMs()), () => {
      begunMs = clock.monotonicMs()
      running = run(dueMs).then(() => {
        if (stopped) return
        const next = nextDue(endOf(dueMs))
        const skipped = Math.round((next - dueMs) / periodMs) - 1
        if (skipped > 0) onSkip(skipped)
        schedule(next)
      })
    })
  }

  /** A timer may fire a little early; a clock that stands long before what was due was set back, and its grid counts. */
  function endOf(dueMs: number): number {
    const now = clock.nowMs()
    return now < dueMs - periodMs / 2 ? now : Math.max(now, dueMs)
  }

  schedule(nextDue(clock.nowMs()))
  return {
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
