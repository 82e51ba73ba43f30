/** What became of a replay's requests, by interval of intended send time; stages and the whole are sums of intervals. */
import { BUCKETS, bucketOf, bucketTopSeconds, quantileOf } from '../histogram.ts'
import type { Stage } from './schedule.ts'

/** Intervals are whole seconds, and no more than this many. */
const MOST_INTERVALS = 600
const LEVELS = [0.5, 0.95, 0.99] as const

export type Fate =
  /** An answer, good or not; `servedSeconds` from when it was really sent. */
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly seconds: number
      readonly servedSeconds: number
    }
  /** No answer within the limit, counted from the intended time. */
  | { readonly kind: 'timeout' }
  /** The connection failed. */
  | { readonly kind: 'fault'; readonly code: string }
  /** Not sent: it would have broken the declared most requests a second. */
  | { readonly kind: 'held' }
  /** On its way when the replay was broken off. */
  | { readonly kind: 'unfinished' }

export interface Quantiles {
  /** Seconds; null without an answer. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export interface Counts {
  /** Arrivals of the schedule whose time came. */
  readonly arrivals: number
  /** Answers below 400. */
  readonly good: number
  /** Answers from 400 on, faults of the connection, timeouts. */
  readonly failures: number
  readonly timeouts: number
  /** Failures, and good answers later than the SLO after their intended time. */
  readonly violations: number
  /** Violations ÷ (arrivals − held − unfinished); 0 without any. */
  readonly violationRatio: number
  readonly held: number
  readonly unfinished: number
}

/** `latency` is from the intended send time, `served` from when it was really sent. */
export interface Summary extends Counts {
  readonly latency: Quantiles
  readonly served: Quantiles
}

export interface Interval extends Counts {
  readonly fromMs: number
  readonly latency: Quantiles
}

interface Cell {
  arrivals: number
  good: number
  failures: number
  timeouts: number
  violations: number
  held: number
  unfinished: number
  readonly latency: Uint32Array
  readonly served: Uint32Array
}

export interface Tally {
  record(intendedMs: number, fate: Fate): void
  readonly intervalMs: number
  /** Of intended send times in [fromMs, toMs), by whole intervals. */
  summary(fromMs?: number, toMs?: number): Summary
  intervals(): Interval[]
  byStage(stages: readonly Stage[]): (Stage & Summary)[]
  /** Answers by status, faults by code. */
  answers(): { readonly statuses: Record<string, number>; readonly faults: Record<string, number> }
  /** Of all latencies: answers that took at most so many seconds, more than the bucket before; empty ones left out. */
  histogram(): { readonly atMostSeconds: number; readonly count: number }[]
}

export function createTally(options: {
  readonly durationMs: number
  readonly sloSeconds: number
}): Tally {
  const { durationMs, sloSeconds } = options
  const intervalMs = 1000 * Math.max(1, Math.ceil(durationMs / 1000 / MOST_INTERVALS))
  const cells = Array.from({ length: Math.ceil(durationMs / intervalMs) }, blank)
  const statuses: Record<string, number> = {}
  const faults: Record<string, number> = {}
  const between = (fromMs: number, toMs: number) =>
    cells.filter((_, i) => i * intervalMs >= fromMs && i * intervalMs < toMs)

  return {
    intervalMs,
    record(intendedMs, fate) {
      const cell = cells[Math.min(cells.length - 1, Math.floor(intendedMs / intervalMs))]!
      note(cell, fate, sloSeconds)
      if (fate.kind === 'answered') statuses[fate.status] = (statuses[fate.status] ?? 0) + 1
      if (fate.kind === 'fault') faults[fate.code] = (faults[fate.code] ?? 0) + 1
    },
    summary: (fromMs = 0, toMs = Number.POSITIVE_INFINITY) => summaryOf(sum(between(fromMs, toMs))),
    intervals: () =>
      cells.map((cell, i) => ({
        fromMs: i * intervalMs,
        ...countsOf(cell),
        latency: quantiles(cell.latency),
      })),
    byStage: (stages) =>
      stages.map((stage) => ({ ...stage, ...summaryOf(sum(between(stage.fromMs, stage.toMs))) })),
    answers: () => ({ statuses: { ...statuses }, faults: { ...faults } }),
    histogram() {
      const { latency } = sum(cells)
      return [...latency].flatMap((count, i) =>
        count === 0 ? [] : [{ atMostSeconds: bucketTopSeconds(i), count }],
      )
    },
  }
}

function blank(): Cell {
  const counts = { arrivals: 0, good: 0, failures: 0, timeouts: 0, violations: 0 }
  const latency = new Uint32Array(BUCKETS)
  return { ...counts, held: 0, unfinished: 0, latency, served: new Uint32Array(BUCKETS) }
}

function note(cell: Cell, fate: Fate, sloSeconds: number): void {
  cell.arrivals++
  if (fate.kind === 'held') cell.held++
  else if (fate.kind === 'unfinished') cell.unfinished++
  else if (fate.kind === 'answered') {
    cell.latency[bucketOf(fate.seconds)]!++
    cell.served[bucketOf(fate.servedSeconds)]!++
    if (fate.status < 400) cell.good++
    else cell.failures++
    if (fate.status >= 400 || fate.seconds > sloSeconds) cell.violations++
  } else {
    cell.failures++
    cell.violations++
    if (fate.kind === 'timeout') cell.timeouts++
  }
}

function sum(cells: readonly Cell[]): Cell {
  const total = blank()
  for (const cell of cells) {
    total.arrivals += cell.arrivals
    total.good += cell.good
    total.failures += cell.failures
    total.timeouts += cell.timeouts
    total.violations += cell.violations
    total.held += cell.held
    total.unfinished += cell.unfinished
    for (let i = 0; i < BUCKETS; i++) {
      total.latency[i]! += cell.latency[i]!
      total.served[i]! += cell.served[i]!
    }
  }
  return total
}

function summaryOf(cell: Cell): Summary {
  return {
    ...countsOf(cell),
    latency: quantiles(cell.latency),
    served: quantiles(cell.served),
  }
}

function countsOf({ latency: _, served: __, ...counts }: Cell): Counts {
  const judged = counts.arrivals - counts.held - counts.unfinished
  return { ...counts, violationRatio: judged > 0 ? counts.violations / judged : 0 }
}

function quantiles(counts: Uint32Array): Quantiles {
  const [p50, p95, p99] = LEVELS.map((level) => quantileOf(counts, level))
  return { p50: p50!, p95: p95!, p99: p99! }
}
