/** A loop on the clock's grid that never overlaps itself: a tick that is not done when the next is due skips it. */
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
}

export function every({ periodMs, offsetMs, run, onSkip, clock }: EveryOptions): Every {
  let stopped = false
  let cancel: () => void = () => {}
  let running: Promise<void> = Promise.resolve()
  const nextDue = (afterMs: number) =>
    (Math.floor((afterMs - offsetMs) / periodMs) + 1) * periodMs + offsetMs

  function schedule(dueMs: number): void {
    cancel = clock.after(Math.max(0, dueMs - clock.nowMs()), () => {
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
