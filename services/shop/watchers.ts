/**
 * Who polls the host in order to send requests to replicas, and when they last did. A replica may stop taking work
 * only after each of them has been told: then no request is sent to it any more.
 */
const FORGOTTEN_AFTER_MS = 3000
/** From the answer leaving the host to the last request sent on older knowledge having arrived. */
const GRACE_MS = 100
/** With no watcher known (the host has just come back) one may still be out there: as long as two of its polls. */
const UNKNOWN_NOTICE_MS = 700

export interface Watchers {
  polled(name: string, atMs: number): void
  /** True when every watcher knows, at `nowMs`, what has been so since `sinceMs`. */
  allKnow(sinceMs: number, nowMs: number): boolean
}

export function createWatchers(): Watchers {
  const pollsByName = new Map<string, readonly number[]>()
  const recent = (times: readonly number[], nowMs: number) =>
    times.filter((atMs) => atMs > nowMs - FORGOTTEN_AFTER_MS)
  return {
    polled(name, atMs) {
      pollsByName.set(name, [...recent(pollsByName.get(name) ?? [], atMs), atMs])
    },
    allKnow(sinceMs, nowMs) {
      const live = [...pollsByName.values()]
        .map((times) => recent(times, nowMs))
        .filter((times) => times.length > 0)
      if (live.length === 0) return nowMs - sinceMs >= UNKNOWN_NOTICE_MS
      return live.every((times) => times.some((atMs) => atMs > sinceMs && atMs <= nowMs - GRACE_MS))
    },
  }
}
