/**
 * Scrapes on the grid, one beat at a time, and writes what was measured. A beat that is not done when the next is due
 * skips it; a source that does not answer leaves a gap.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { RunningClock } from '../clock.ts'
import { type Every, every } from '../loops/every.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type Scrape, samplesOf } from './gather.ts'
import { answeredIn, type Scraper, type Silence } from './scrape.ts'

/** Older than this many beats, a scrape is no base for a rate. */
const BASE_BEATS = 3

export interface CollectorState {
  readonly beats: number
  readonly skipped: number
  /** Questions that were not answered, all together. */
  readonly unanswered: number
  readonly replicas: number
  /** Who did not answer at the last beat. */
  readonly silent: readonly string[]
}

export interface Collector {
  state(): CollectorState
  stop(): Promise<void>
}

export interface CollectorOptions {
  readonly scraper: Scraper
  readonly store: SampleStore
  readonly services: readonly ServiceId[]
  readonly heartbeatMs: number
  readonly clock: RunningClock
  /** A beat that could not be written. */
  readonly onError: (error: unknown) => void
  /** Somebody does not answer any more; told once, not at every beat. */
  readonly onSilence: (silence: Silence) => void
  /** Somebody who was silent answers again. */
  readonly onAnswer: (source: string) => void
}

export function startCollector(options: CollectorOptions): Collector {
  const { scraper, store, services, heartbeatMs, clock, onError, onSilence, onAnswer } = options
  let state: CollectorState = {
    beats: 0,
    skipped: 0,
    unanswered: 0,
    replicas: 0,
    silent: [],
  }
  let before: Scrape | undefined

  function tell(scrape: Scrape, silences: readonly Silence[]): void {
    const answered = answeredIn(scrape)
    const were = state.silent
    for (const silence of silences) if (!were.includes(silence.source)) onSilence(silence)
    for (const source of were) if (answered.has(source)) onAnswer(source)
    state = {
      ...state,
      unanswered: state.unanswered + silences.length,
      replicas: scrape.replicas.size,
      silent: silences.map(({ source }) => source),
    }
  }

  async function beat(dueMs: number): Promise<void> {
    const { scrape, silences } = await scraper.scrape(clock.nowMs())
    tell(scrape, silences)
    const base =
      before && scrape.atMs - before.atMs <= BASE_BEATS * heartbeatMs ? before : undefined
    before = scrape
    await store.append(
      services.flatMap((service) => samplesOf(service, scrape, base, dueMs)),
      clock.nowMs(),
    )
    state = { ...state, beats: state.beats + 1 }
  }

  const timer: Every = every({
    periodMs: heartbeatMs,
    offsetMs: 0,
    clock,
    onSkip: (n) => {
      state = { ...state, skipped: state.skipped + n }
    },
    run: (dueMs) => beat(dueMs).catch(onError),
  })
  return { state: () => state, stop: () => timer.stop() }
}
