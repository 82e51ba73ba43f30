/** Never more than so many in any second, whatever came late: a sliding window, remembered send by send. */
const WINDOW_MS = 1000

export interface RateLimit {
  /** Notes a send at `nowMs`, or answers false when there were `most` within the last second. */
  admit(nowMs: number): boolean
}

export function createRateLimit(most: number): RateLimit {
  const times = new Float64Array(most).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return {
    admit(nowMs) {
      // the one sent `most` sends ago
      if (nowMs - times[next]! < WINDOW_MS) return false
      times[next] = nowMs
      next = (next + 1) % most
      return true
    },
  }
}
