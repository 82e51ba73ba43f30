/** What a fleet needs of the place where one service runs: a group that can be looked at and be given a count. */

/** `starting` is everything that costs money and does not serve yet, also what is there and unhealthy. */
export type MemberState = 'starting' | 'ready' | 'terminating'

export interface Member {
  readonly id: string
  readonly state: MemberState
  /** When its start was asked for, ms since the epoch; left out: the target does not say. */
  readonly createdAtMs?: number | undefined
  /** When it served first, ms since the epoch; left out: the target does not say. */
  readonly readyAtMs?: number | undefined
}

/** What the target remembers of the last order, and of the newest leader. */
export interface Mark {
  readonly decisionId?: string | undefined
  /** The count of that decision: another count means that somebody else wrote since. */
  readonly replicas?: number | undefined
  readonly ledger?: string | undefined
  readonly token?: number | undefined
}

export interface TargetView {
  readonly requested: number
  readonly members: readonly Member[]
  /** The group's own limits. */
  readonly bounds: { readonly min: number; readonly max: number }
  readonly mark: Mark
  /** Version of what was read, for targets that refuse a change of another version. */
  readonly version?: string | undefined
  /** Another that writes the count, in words; absent: none is known. */
  readonly otherWriter?: string | undefined
}

export interface FleetTarget {
  /** In words, for messages: "ECS service shop/web". */
  readonly name: string
  /** Throws when the target does not answer, or is not there. */
  observe(signal: AbortSignal): Promise<TargetView>
  /** Sets count and mark; `seen` is what was read a moment ago. A second time it is a no-op. */
  scale(replicas: number, mark: Mark, seen: TargetView, signal: AbortSignal): Promise<void>
  /** Writes a mark alone. Absent: the target can hold none, and only this process remembers. */
  writeMark?(mark: Mark, seen: TargetView, signal: AbortSignal): Promise<void>
  close?(): Promise<void>
}
