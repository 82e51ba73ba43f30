/**
 * A lease among several controllers, on one row changed by compare-and-set. The protocol is client-go's: an observer
 * measures by its own monotonic clock for how long the row has not changed, so neither skew nor jumps of any wall clock
 * matter, only drift between clocks, for which `durationMs` is longer than `renewDeadlineMs`.
 */
import type { HeldLease, Lease, LeaseRow, LeaseStore, LeaseTimes } from './lease.ts'

export interface ElectedLeaseOptions {
  readonly store: LeaseStore
  /** The same for every run of one instance: what an earlier run of it held is taken over without waiting. */
  readonly holder: string
  /** Where the API of this instance is; told to the others. */
  readonly url: string
  readonly times: LeaseTimes
  /** Never goes back, ms. */
  readonly monotonicMs: () => number
}

/** Throws RangeError when the times could let two act at once. */
export function createElectedLease(options: ElectedLeaseOptions): Lease {
  const { store, holder, url, times, monotonicMs } = options
  const { durationMs, renewDeadlineMs, retryMs } = times
  if (!(retryMs > 0 && renewDeadlineMs > retryMs && durationMs > renewDeadlineMs))
    throw new RangeError(
      `a lease needs 0 < retryMs < renewDeadlineMs < durationMs, was ${retryMs}, ${renewDeadlineMs}, ${durationMs}`,
    )
  let held: HeldLease | undefined
  let seen: { readonly row: LeaseRow; readonly sinceMs: number } | undefined

  function note(row: LeaseRow | undefined): void {
    const same = row && seen && isSame(row, seen.row)
    if (!same) seen = row && { row, sinceMs: monotonicMs() }
  }

  /** A row that nobody holds any more, as far as this observer can tell. */
  function isFree(row: LeaseRow): boolean {
    if (row.holder === null || row.holder === holder) return true
    return seen !== undefined && monotonicMs() - seen.sinceMs >= durationMs
  }

  /** The deadline counts from before the request, for it may have been carried out at any moment since. */
  async function take(from: LeaseRow | undefined, next: LeaseRow): Promise<HeldLease | undefined> {
    const startedMs = monotonicMs()
    if (!(await store.swap(from, next))) return undefined
    note(next)
    held = { token: next.token, holder, untilMs: startedMs + renewDeadlineMs }
    return valid()
  }

  const valid = () => (held && monotonicMs() < held.untilMs ? held : undefined)

  async function renew(): Promise<HeldLease | undefined> {
    if (!held) return undefined
    const row = await store.read()
    note(row)
    if (row?.token !== held.token || row.holder !== holder) {
      held = undefined
      return undefined
    }
    return take(row, { ...row, renewals: row.renewals + 1 })
  }

  return {
    async acquire() {
      if (held) return renew()
      const row = await store.read()
      note(row)
      if (row && !isFree(row)) return undefined
      return take(row, { token: (row?.token ?? 0) + 1, holder, url, renewals: 0 })
    },
    renew,
    async release() {
      const own = held
      held = undefined
      if (!own) return
      const row = await store.read()
      if (row?.token === own.token && row.holder === holder)
        await store.swap(row, { ...row, holder: null, renewals: row.renewals + 1 })
    },
    held: valid,
    seen() {
      const row = seen?.row
      return row && row.holder !== null
        ? { holder: row.holder, token: row.token, url: row.url }
        : undefined
    },
  }
}

const isSame = (a: LeaseRow, b: LeaseRow): boolean =>
  a.token === b.token && a.renewals === b.renewals && a.holder === b.holder
