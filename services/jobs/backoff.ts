/**
 * How long to wait before the next attempt: twice as long each time, up to a limit, and of that a random part of at least
 * half, so that jobs that failed together do not come back together ("equal jitter": Brooker, Exponential Backoff And
 * Jitter, AWS Architecture Blog 2015).
 */
export interface Backoff {
  readonly backoffMs: number
  readonly longestBackoffMs: number
}

/** `failed` attempts so far, from 1; `random` in [0, 1). Whole ms, at least 1. */
export function backoffMs(
  failed: number,
  { backoffMs: first, longestBackoffMs }: Backoff,
  random: number,
): number {
  const longest = Math.min(longestBackoffMs, first * 2 ** (failed - 1))
  return Math.max(1, Math.ceil((longest * (1 + random)) / 2))
}
