/**
 * A circuit breaker around what asks a server (cockatiel): after five failures in a row it answers at once that nothing
 * can be had, and lets one question through every ten seconds, so that a dead server costs few ticks any time and one
 * that is back is soon found.
 */
import { ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel'

const FAILURES = 5
const RETRY_AFTER_MS = 10_000

export interface AvailabilityOptions {
  readonly nowMs: () => number
  /** Failures that say nothing of the server are not counted. */
  readonly counts?: ((error: unknown) => boolean) | undefined
  readonly retryAfterMs?: number | undefined
}

export interface Availability {
  /** Asks, unless the circuit is open. */
  ask<T>(work: () => Promise<T>): Promise<T>
  readonly failingSinceMs: () => number | undefined
  readonly lastError: () => unknown
  readonly failures: () => number
  /** True when `error` says that nobody was asked. */
  isOpen(error: unknown): boolean
}

export function createAvailability({
  nowMs,
  counts = () => true,
  retryAfterMs = RETRY_AFTER_MS,
}: AvailabilityOptions): Availability {
  const breaker = circuitBreaker(handleWhen(counts), {
    halfOpenAfter: retryAfterMs,
    breaker: new ConsecutiveBreaker(FAILURES),
  })
  let sinceMs: number | undefined
  let lastError: unknown
  let failures = 0
  return {
    async ask(work) {
      try {
        const answer = await breaker.execute(work)
        sinceMs = undefined
        return answer
      } catch (error) {
        if (counts(error)) sinceMs ??= nowMs()
        if (!isBrokenCircuitError(error)) {
          lastError = error
          failures++
        }
        throw error
      }
    },
    failingSinceMs: () => sinceMs,
    lastError: () => lastError,
    failures: () => failures,
    isOpen: isBrokenCircuitError,
  }
}
