/** Where samples are kept, or only read from: embedded (libsql), InfluxDB 2, Prometheus. */
import { z } from 'zod'
import { MetricName, ServiceId } from '../../forecaster/series.ts'

/** A sample further ahead of the clock is refused, ms. */
export const AHEAD_LIMIT_MS = 30_000

export const Sample = z
  .strictObject({
    service: ServiceId,
    metric: MetricName,
    atMs: z.number().meta({ description: 'Unix time of the measurement, ms.' }),
    value: z.number(),
  })
  .meta({ id: 'Sample' })
export type Sample = z.infer<typeof Sample>

export const REJECTIONS = [
  'not-finite',
  'negative',
  'far-future',
  'too-old',
  'bad-time',
  'read-only',
] as const
export type Rejection = (typeof REJECTIONS)[number]

export interface AppendReport {
  readonly accepted: number
  readonly rejected: Readonly<Partial<Record<Rejection, number>>>
}

export interface GridQuery {
  readonly metric: MetricName
  readonly services: readonly ServiceId[]
  /** Inclusive, a multiple of stepMs. */
  readonly fromMs: number
  /** Exclusive, a multiple of stepMs. */
  readonly toMs: number
  readonly stepMs: number
}

/** The store cannot answer, or take samples, now; nothing was acknowledged. Another try later may do. */
export class StoreUnavailable extends Error {}

export interface StoreHealth {
  /** degraded: it works, but not with all that belongs to it, as without its server. */
  readonly state: 'ok' | 'degraded'
  /** Since when it is not ok, Unix ms. */
  readonly sinceMs?: number | undefined
  readonly detail: string
  /** Samples that were acknowledged and are on the way to the server. */
  readonly pendingSamples: number
  /** Counts since this process began, by what happened. */
  readonly counts: Readonly<Record<string, number>>
}

export interface SampleStore {
  /**
   * Stores what can be stored and counts the rest by reason. Two values for one (service, metric, atMs): the
   * larger stays, whatever the order of arrival, so that a repeated read never hides load.
   * What was accepted when it resolves is not lost. Rejects with StoreUnavailable when it cannot promise that.
   */
  append(samples: readonly Sample[], nowMs: number): Promise<AppendReport>
  /**
   * Row-major services × steps; each cell the mean of its samples, NaN where there are none. Rejects with
   * StoreUnavailable where it cannot tell none from unknown.
   */
  grid(query: GridQuery): Promise<Float64Array>
  /** Newest sample at or before `atMs` of every service that has one. */
  latest(
    metric: MetricName,
    atMs: number,
  ): Promise<ReadonlyMap<ServiceId, { atMs: number; value: number }>>
  /** What is stored: a row per (service, metric). */
  inventory(): Promise<
    readonly {
      service: ServiceId
      metric: MetricName
      firstMs: number
      lastMs: number
      count: number
    }[]
  >
  /** Drops samples older than `beforeMs`; says how many. */
  prune(beforeMs: number): Promise<number>
  /** What it takes of the disk here, bytes, and what it may; absent where samples are on a server. */
  size?(): Promise<{ readonly bytes: number; readonly mostBytes?: number | undefined }>
  /** How it fares, without asking anybody; absent where a store has nothing that may be away. */
  health?(): StoreHealth
  close(): Promise<void>
}
