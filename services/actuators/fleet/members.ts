/** From the members of a group to counts and start-up times. Where the target tells no times they are watched. */
import type { Member, MemberState } from './target.ts'

/** Start-ups that are kept a service: enough for a high quantile, few enough to follow a change. */
const STARTUPS_KEPT = 20

export interface MemberCounts {
  readonly ready: number
  readonly starting: number
  readonly terminating: number
}

export function countMembers(members: readonly Member[]): MemberCounts {
  const inState = (state: MemberState) => members.filter((m) => m.state === state).length
  return {
    ready: inState('ready'),
    starting: inState('starting'),
    terminating: inState('terminating'),
  }
}

export interface StartupBook {
  /** Takes note of what is seen at `nowMs`; returns the recent times from start to ready, ms, oldest first. */
  follow(members: readonly Member[], nowMs: number): readonly number[]
}

/**
 * A member that the target gives both times is measured by them. Of the others only a start that was watched counts: seen
 * as starting before it was seen as ready, with an error of at most one look.
 */
export function createStartupBook(): StartupBook {
  const startupsMs: number[] = []
  const startById = new Map<string, number>()
  const measured = new Set<string>()
  /** Undefined when the start was neither told nor watched. */
  function startupOf({ id, createdAtMs, readyAtMs }: Member, nowMs: number): number | undefined {
    if (createdAtMs !== undefined && readyAtMs !== undefined) return readyAtMs - createdAtMs
    const startedMs = startById.get(id)
    return startedMs === undefined ? undefined : nowMs - startedMs
  }

  function note(member: Member, nowMs: number): void {
    const { id, state, createdAtMs } = member
    if (measured.has(id)) return
    if (state === 'starting') startById.set(id, createdAtMs ?? startById.get(id) ?? nowMs)
    if (state !== 'ready') return
    measured.add(id)
    const startupMs = startupOf(member, nowMs)
    if (startupMs !== undefined && startupMs > 0) startupsMs.push(startupMs)
  }

  return {
    follow(members, nowMs) {
      for (const member of members) note(member, nowMs)
      startupsMs.splice(0, startupsMs.length - STARTUPS_KEPT)
      forgetGone(members, startById, measured)
      return [...startupsMs]
    },
  }
}

function forgetGone(
  members: readonly Member[],
  startById: Map<string, number>,
  measured: Set<string>,
): void {
  const there = new Set(members.map(({ id }) => id))
  for (const id of startById.keys()) if (!there.has(id) || measured.has(id)) startById.delete(id)
  for (const id of measured) if (!there.has(id)) measured.delete(id)
}
