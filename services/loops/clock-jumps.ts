/**
 * A wall clock that was set, forward or back. What agents remember moves with it, so that windows and rate limits go by
 * time that has passed; what is known of the load keeps its own time, and its age is judged by the new one.
 */
import { shiftMemory } from '../../agents/shift-memory.ts'
import { floorToStep, LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import type { RunningClock } from '../clock.ts'
import { noContenders } from '../models/contenders.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import type { LoopState } from './control-loop.ts'
import type { Entry } from './entry.ts'

/** Less is drift, or a clock that is slewed: it moves no window by anything that counts. */
const LEAST_JUMP_MS = 1000

export interface Instant {
  readonly wallMs: number
  readonly monotonicMs: number
}

/** How far the wall clock was set since the last tick, ms; 0 when it was not. Moves the memories by as much. */
export function followClock(state: LoopState, clock: RunningClock, nowMs: number): number {
  const now: Instant = { wallMs: nowMs, monotonicMs: clock.monotonicMs() }
  const last = state.lastSeen ?? now
  state.lastSeen = now
  const jumpMs = now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs)
  if (Math.abs(jumpMs) < LEAST_JUMP_MS) return 0
  state.doubt?.wasSet(jumpMs)
  state.memories = new Map(
    [...state.memories].map(([service, memory]) => [service, shiftMemory(memory, jumpMs)]),
  )
  return jumpMs
}

/**
 * What a controller that begins knows of the clock by which the last tick was made. Another controller of this process may
 * have seen that tick, its own or a leader's; else a tick of a time to come says that the clock was set back since.
 */
export function firstSeen(
  clock: RunningClock,
  seen: Instant | undefined,
  lastTickMs: number | undefined,
): Instant | undefined {
  if (seen || lastTickMs === undefined || lastTickMs <= clock.nowMs()) return seen
  return { wallMs: lastTickMs, monotonicMs: clock.monotonicMs() }
}

/**
 * How long ago something was that a tick's clock says was at `atMs`, ms. Where this clock and that are not the same, the
 * longer of what both say; what is of a time to come was as long ago as it is away.
 */
export function ageMs(clock: RunningClock, seen: Instant | undefined, atMs: number): number {
  const byOwn = Math.abs(clock.nowMs() - atMs)
  if (!seen) return byOwn
  return Math.max(byOwn, seen.wallMs - atMs + clock.monotonicMs() - seen.monotonicMs)
}

interface Book {
  readonly store: SampleStore
  readonly entries: ReadonlyMap<ServiceId, Entry>
  readonly stepMs: number
  /** Older steps than this are not caught up with; their forecasters start afresh. */
  readonly longestGapMs: number
}

/**
 * Where a book that was read to `readToMs` goes on at `nowMs`. When the clock was set back and the store knows of nothing
 * later than now, the book had run ahead of the data: it goes on from now. Where the store does, the clock is behind: the
 * book stays where it stands, and the freshness of its loads says so.
 */
export async function goOnFrom(
  { store, entries, stepMs, longestGapMs }: Book,
  readToMs: number,
  nowMs: number,
): Promise<number> {
  const toMs = floorToStep(nowMs, stepMs)
  if (toMs - readToMs > longestGapMs) {
    for (const entry of entries.values()) entry.contenders = noContenders()
    return toMs - longestGapMs
  }
  if (toMs >= readToMs - stepMs) return readToMs
  const newest = await store.latest(LOAD_METRIC, readToMs)
  if ([...newest.values()].some(({ atMs }) => atMs > nowMs + stepMs)) return readToMs
  for (const [service, entry] of entries) {
    const known = newest.get(service)
    // its models followed steps that never were
    entry.contenders = noContenders()
    entry.loadAtMs = known?.atMs ?? Number.NaN
    entry.loadRps = known?.value ?? Number.NaN
  }
  return toMs - stepMs
}
