/** A loop on the clock's grid that never overlaps itself: a tick that is not done when the next is due skips it. */
export interface Every {
  stop(): Promise<void>
}

export interface EveryOptions {
  readonly periodMs: number
  /** Offset from the grid, so that what happens on the grid itself has arrived. */
  readonly offsetMs: number
  readonly run: (dueMs: number) => Promise<void>
  readonly onSkip: (skipped: number) => void
  readonly nowMs: () => number
}

export function every({ periodMs, offsetMs, run, onSkip, nowMs }: EveryOptions): Every {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const nextDue = (afterMs: number) =>
    (Math.floor((afterMs - offsetMs) / periodMs) + 1) * periodMs + offsetMs

  function schedule(dueMs: number): void {
    timer = setTimeout(
      () => {
        running = run(dueMs).then(() => {
          if (stopped) return
          const next = nextDue(Math.max(nowMs(), dueMs))
          const skipped = Math.round((next - dueMs) / periodMs) - 1
          if (skipped > 0) onSkip(skipped)
          schedule(next)
        })
      },
      Math.max(0, dueMs - nowMs()),
    )
  }

  schedule(nextDue(nowMs()))
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await running
    },
  }
}
