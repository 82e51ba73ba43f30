/**
 * Scrapes on the grid, one beat at a time, and writes what was measured. A beat that is not done when the next is due
 * skips it; a source that does not answer leaves a gap.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import { type Every, every } from '../loops/every.ts'
import type { SampleStore } from '../stores/sample-store.ts'
import { type Scrape, samplesOf } from './gather.ts'
import type { Scraper } from './scrape.ts'

/** Older than this many beats, a scrape is no base for a rate. */
const BASE_BEATS = 3

export interface CollectorState {
  readonly beats: number
  readonly skipped: number
  readonly failures: number
  readonly replicas: number
  readonly lastFailure: string | undefined
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
  readonly nowMs: () => number
  readonly onError: (error: unknown) => void
}

export function startCollector(options: CollectorOptions): Collector {
  const { scraper, store, services, heartbeatMs, nowMs, onError } = options
  let state: CollectorState = {
    beats: 0,
    skipped: 0,
    failures: 0,
    replicas: 0,
    lastFailure: undefined,
  }
  let before: Scrape | undefined

  async function beat(dueMs: number): Promise<void> {
    const { scrape, failures } = await scraper.scrape(nowMs())
    const base =
      before && scrape.atMs - before.atMs <= BASE_BEATS * heartbeatMs ? before : undefined
    before = scrape
    await store.append(
      services.flatMap((service) => samplesOf(service, scrape, base, dueMs)),
      nowMs(),
    )
    state = {
      ...state,
      beats: state.beats + 1,
      failures: state.failures + failures.length,
      replicas: scrape.replicas.size,
      lastFailure: failures[0] ?? state.lastFailure,
    }
  }

  const timer: Every = every({
    periodMs: heartbeatMs,
    offsetMs: 0,
    nowMs,
    onSkip: (n) => {
      state = { ...state, skipped: state.skipped + n }
    },
    run: (dueMs) => beat(dueMs).catch(onError),
  })
  return { state: () => state, stop: () => timer.stop() }
}
