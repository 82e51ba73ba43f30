/**
 * Who may act: a lease with a fencing token. A lease alone is no safety (client-go's leader election says so of itself:
 * "does not guarantee that only one client is acting as a leader"), so the token goes with every effect, strictly
 * increases with every change of leader, and is compared where the effect happens: in the ledger's transaction and at the
 * target. Times are judged by the local monotonic clock alone; wall clocks may be wrong by any amount.
 */

/** All in ms. A leader stops by itself (`renewDeadlineMs`) before another may begin (`durationMs`). */
export interface LeaseTimes {
  /** A leader that has not been seen to renew for so long is taken to be gone. */
  readonly durationMs: number
  /** A leader that could not renew for so long no longer acts. */
  readonly renewDeadlineMs: number
  /** Between two attempts. */
  readonly retryMs: number
}

/** client-go's defaults. */
export const LEASE_TIMES: LeaseTimes = {
  durationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2000,
}

export interface HeldLease {
  /** Strictly greater than that of every leader before. */
  readonly token: number
  readonly holder: string
  /** By the monotonic clock: from then on the holder may not act, unless it has renewed. */
  readonly untilMs: number
}

/** Who leads, as far as was seen last. */
export interface SeenLeader {
  readonly holder: string
  readonly token: number
  /** Where its API is; '' when it does not say. */
  readonly url: string
}

export interface Lease {
  /** One attempt. What is held then; undefined while somebody else leads. Rejects when the lease's store does not answer. */
  acquire(): Promise<HeldLease | undefined>
  /** One attempt to hold on. undefined when it is lost. Rejects when the lease's store does not answer. */
  renew(): Promise<HeldLease | undefined>
  /** Lets go, so that another may lead at once. */
  release(): Promise<void>
  /** To be asked right before each effect; undefined once the deadline has passed. Touches nothing but the clock. */
  held(): HeldLease | undefined
  seen(): SeenLeader | undefined
}

/** Which of several controllers acts. */
export interface Leadership {
  /** Whether it is this one. */
  readonly leads: boolean
  /** Of the leader, as far as is known. */
  readonly token: number | null
  readonly leader: string | null
  /** Where the leader can be reached; '' when that is here, or not known. */
  readonly url: string
}

/** The lease as its store keeps it. */
export interface LeaseRow {
  readonly token: number
  /** null: it was let go. */
  readonly holder: string | null
  readonly url: string
  /** Counts up; that it has changed is all that others see of a renewal. */
  readonly renewals: number
}

/** One row that is changed by compare-and-set: a row of PostgreSQL, a Lease of Kubernetes, a variable in a simulation. */
export interface LeaseStore {
  read(): Promise<LeaseRow | undefined>
  /** False, and nothing is changed, when the row is no longer `expected` by token and renewals. */
  swap(expected: LeaseRow | undefined, next: LeaseRow): Promise<boolean>
}
