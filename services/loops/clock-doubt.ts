/**
 * A wall clock that was set back was wrong before, or is wrong now. Until loads tell which, their age is judged by the
 * worse of both: what was measured an hour ago is not fresh because the clock stands an hour behind. Loads tell that it
 * is right when newer ones come that are not of a time to come; that it is behind when they are.
 */
import { LOAD_METRIC, type ServiceId } from '../../forecaster/series.ts'
import { AHEAD_LIMIT_MS, type SampleStore } from '../stores/sample-store.ts'

/** At the start nobody knows of clocks set before, nor later of one that drifts: loads are looked for so far ahead of it. */
const LOOK_AHEAD_MS = 25 * 3_600_000
/** Of the steps between the clock and its newest load, at most so many are looked at. */
const MOST_STEPS = 120
/** So late at most it is seen that a clock has drifted. */
const LOOK_AGAIN_MS = 10 * 60_000

export interface ClockDoubt {
  /** By how much the clock may stand behind, ms; 0 when nothing speaks for it. */
  behindMs(): number
  /** Whether loads of a time to come were seen at the last look. */
  isSeen(): boolean
  /** The clock was set by so much between two ticks, ms. */
  wasSet(byMs: number): void
  /** What the loads say of it now. Rejects as the store does; the doubt then stays. */
  look(store: SampleStore, nowMs: number, stepMs: number): Promise<void>
}

type Newest = ReadonlyMap<ServiceId, { readonly atMs: number }>

export function createClockDoubt(monotonicMs: () => number): ClockDoubt {
  let behindMs = 0
  let lookedAheadMs = Number.NEGATIVE_INFINITY
  let isSeen = false
  let known: Newest | undefined

  /** A clock that stood behind already when this began, or has drifted since. A lone sample of a time to come says nothing: loads do that fill it. */
  async function lookAhead(store: SampleStore, nowMs: number, stepMs: number): Promise<void> {
    const limitMs = nowMs + Math.max(stepMs, AHEAD_LIMIT_MS)
    const newest = await store.latest(LOAD_METRIC, nowMs + LOOK_AHEAD_MS)
    lookedAheadMs = monotonicMs()
    const ahead = [...newest].filter(([, { atMs }]) => atMs > limitMs)
    if (2 * ahead.length <= newest.size || ahead.length === 0) return
    const untilMs = upperMedian(ahead.map(([, { atMs }]) => atMs))
    const steps = Math.min(MOST_STEPS, Math.ceil((untilMs - nowMs) / stepMs))
    const cells = await store.grid({
      metric: LOAD_METRIC,
      services: ahead.map(([service]) => service),
      ...{ fromMs: nowMs + 1, toMs: nowMs + 1 + steps * stepMs, stepMs },
    })
    const filled = cells.reduce((sum, load) => (Number.isNaN(load) ? sum : sum + 1), 0)
    if (2 * filled >= cells.length) behindMs = Math.max(behindMs, untilMs - nowMs)
  }

  return {
    behindMs: () => behindMs,
    isSeen: () => isSeen,
    wasSet(byMs) {
      behindMs = Math.max(0, behindMs - byMs)
      known = undefined
    },
    async look(store, nowMs, stepMs) {
      if (monotonicMs() - lookedAheadMs >= LOOK_AGAIN_MS) await lookAhead(store, nowMs, stepMs)
      if (behindMs === 0) return
      const limitMs = nowMs + Math.max(stepMs, AHEAD_LIMIT_MS)
      const newest = await store.latest(LOAD_METRIC, limitMs + behindMs)
      const before = known
      known = newest
      isSeen =
        newest.size > 0 && upperMedian([...newest.values()].map(({ atMs }) => atMs)) > limitMs
      if (isSeen || !before) return
      const isNews = [...newest].some(
        ([service, { atMs }]) =>
          atMs <= limitMs && atMs > (before.get(service)?.atMs ?? Number.POSITIVE_INFINITY),
      )
      if (!isNews) return
      behindMs = 0
      known = undefined
    },
  }
}

function upperMedian(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
