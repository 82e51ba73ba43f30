/** What a replica did of late, for a person who asks: requests a second and latency quantiles of the last seconds. */
const WINDOW_MS = 10_000
const MOST_KEPT = 2048

export interface Recent {
  record(atMs: number, seconds: number): void
  requestsPerSecond(nowMs: number): number
  latency(nowMs: number): {
    count: number
    p50: number | null
    p95: number | null
    p99: number | null
  }
}

export function createRecent(startMs: number): Recent {
  const atMs = new Float64Array(MOST_KEPT).fill(Number.NEGATIVE_INFINITY)
  const seconds = new Float64Array(MOST_KEPT)
  let written = 0
  const within = (nowMs: number) => {
    const from = nowMs - WINDOW_MS
    const kept: number[] = []
    for (let i = 0; i < MOST_KEPT; i++) if (atMs[i]! > from) kept.push(seconds[i]!)
    return kept
  }
  return {
    record(at, value) {
      atMs[written % MOST_KEPT] = at
      seconds[written % MOST_KEPT] = value
      written++
    },
    requestsPerSecond: (nowMs) =>
      within(nowMs).length / (Math.max(1000, Math.min(WINDOW_MS, nowMs - startMs)) / 1000),
    latency(nowMs) {
      const sorted = within(nowMs).sort((a, b) => a - b)
      const at = (level: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))] ?? null
      return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) }
    },
  }
}
