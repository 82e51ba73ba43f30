/** The loop around a lease: tries to hold it, again and again, and says when that begins and ends. */
import type { RunningClock } from '../clock.ts'
import type { HeldLease, Lease } from './lease.ts'

export interface ElectorOptions {
  readonly lease: Lease
  readonly retryMs: number
  readonly clock: Pick<RunningClock, 'after'>
  /** Called when leading begins (with the lease) and when it ends, again if it rejects; never overlaps itself. */
  readonly onChange: (held: HeldLease | undefined) => Promise<void>
  readonly onError: (error: unknown) => void
}

export interface Elector {
  /** Resolves after the first attempt, won or not. */
  start(): Promise<void>
  /** No more attempts; the lease is let go. */
  stop(): Promise<void>
}

export function createElector(options: ElectorOptions): Elector {
  const { lease, retryMs, clock, onChange, onError } = options
  let token: number | undefined
  let stopped = false
  let cancel: () => void = () => {}
  let running: Promise<void> = Promise.resolve()

  async function attempt(): Promise<void> {
    await lease.acquire().catch(onError)
    const held = lease.held()
    if (held?.token === token) return
    try {
      await onChange(held)
      token = held?.token
    } catch (error) {
      onError(error) // it is told again at the next attempt
    }
  }

  async function turn(): Promise<void> {
    await attempt()
    if (!stopped) cancel = clock.after(retryMs, next)
  }
  function next(): void {
    running = turn()
  }

  return {
    async start() {
      next()
      await running
    },
    async stop() {
      stopped = true
      cancel()
      await running
      await lease.release().catch(onError)
    },
  }
}
