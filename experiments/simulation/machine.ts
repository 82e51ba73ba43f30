/**
 * A machine: a wall clock that is skewed, drifts and jumps, a monotonic one that only drifts, and a process on it that can
 * be killed, started again and frozen. What a process waits for is told to that run of it alone: after a kill nothing of
 * it goes on, after a freeze all that was missed comes at once.
 */
import type { RunningClock } from '../../services/clock.ts'
import type { Scheduler } from './scheduler.ts'

/** One run of the process. */
export interface Run {
  readonly clock: RunningClock
  isAlive(): boolean
  /** Goes on with `work` in this run: now, after the freeze, or never. */
  wake(work: () => void): void
}

export interface Machine {
  readonly name: string
  /** The run there is; undefined while the process is down. */
  run(): Run | undefined
  start(): Run
  kill(): void
  /** Nothing runs on it until it is thawed; its clocks go on. */
  freeze(): void
  thaw(): void
  jump(byMs: number): void
  /** From now on its clocks run so much faster than time. */
  drift(rate: number): void
}

export function createMachine(name: string, scheduler: Scheduler, skewMs: number): Machine {
  let rate = 1
  let sinceMs = scheduler.nowMs()
  let monotonicBase = 1e6
  let wallOffsetMs = scheduler.nowMs() - 1e6 + skewMs
  let isFrozen = false
  let parked: (() => void)[] = []
  let current: Run | undefined

  const monotonicMs = () => monotonicBase + (scheduler.nowMs() - sinceMs) * rate
  const rebase = (nextRate: number) => {
    monotonicBase = monotonicMs()
    sinceMs = scheduler.nowMs()
    rate = nextRate
  }

  function start(): Run {
    const isAlive = () => current === run
    const wake = (work: () => void): void => {
      if (!isAlive()) return
      if (isFrozen) parked.push(() => wake(work))
      else work()
    }
    const run: Run = {
      isAlive,
      wake,
      clock: {
        kind: 'system',
        nowMs: () => Math.floor(monotonicMs() + wallOffsetMs),
        monotonicMs,
        after: (delayMs, work) =>
          scheduler.at(scheduler.nowMs() + Math.max(0, delayMs) / rate, () => wake(work)),
      },
    }
    current = run
    return run
  }

  return {
    name,
    run: () => current,
    start,
    kill() {
      current = undefined
    },
    freeze() {
      isFrozen = true
    },
    thaw() {
      isFrozen = false
      for (const work of parked) scheduler.at(scheduler.nowMs(), work)
      parked = []
    },
    jump(byMs) {
      wallOffsetMs += byMs
    },
    drift: rebase,
  }
}
