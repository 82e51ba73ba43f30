/**
 * The user's load made ready: all services on one grid, the first part to learn from, the rest, whole days, to replay.
 * A history that cannot carry a judgement is refused, with the reason.
 */
import type { Series } from '../../forecaster/series.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Of the replay, that its days can be drawn again; and before it, that a day was seen more than once. */
export const LEAST_REPLAY_DAYS = 4
export const LEAST_LEARNING_DAYS = 3
/** A longer step hides what happens within it. */
const LONGEST_STEP_MS = HOUR_MS
const LONGEST_GAP_MS = 3 * HOUR_MS
const MOST_MISSING = 0.05
/** From there on a weekday was seen twice. */
const WEEKLY_DAYS = 14

/** Why a history is refused. */
export class ThinHistory extends Error {}

export interface HistoryService {
  readonly service: string
  /** Requests/s a step; NaN where nothing was measured. */
  readonly history: Float64Array
  /** Without gaps: they were drawn straight, and counted. */
  readonly load: Float64Array
  readonly filledSteps: number
}

export interface History {
  readonly stepMs: number
  /** Begin of the replay. */
  readonly startMs: number
  readonly learningDays: number
  readonly replayDays: number
  readonly services: readonly HistoryService[]
  /** What a reader should know before believing the figures. */
  readonly warnings: readonly string[]
}

export interface HistoryOptions {
  /** Days to learn from; half of them when absent. */
  readonly learnDays?: number | undefined
}

/** `series` of the services that are replayed, requests/s. Throws ThinHistory. */
export function historyOf(series: readonly Series[], { learnDays }: HistoryOptions = {}): History {
  const stepMs = sameStep(series)
  const fromMs = Math.max(...series.map((one) => firstMs(one)))
  const toMs = Math.min(...series.map((one) => lastMs(one)))
  const days = (toMs - fromMs) / DAY_MS
  const least = LEAST_LEARNING_DAYS + LEAST_REPLAY_DAYS
  if (!(days >= least))
    throw new ThinHistory(
      `${textOf(Math.max(0, days))} days of load that all services have; at least ${least} are needed: ` +
        `${LEAST_LEARNING_DAYS} to learn from and ${LEAST_REPLAY_DAYS} whole days to replay`,
    )
  const learning = learnDays ?? days / 2
  const replayDays = Math.floor(days - learning)
  if (learning < LEAST_LEARNING_DAYS || replayDays < LEAST_REPLAY_DAYS)
    throw new ThinHistory(
      `of ${textOf(days)} days ${textOf(learning)} are to learn from, which leaves ${Math.max(0, replayDays)} whole days to replay; ` +
        `at least ${LEAST_LEARNING_DAYS} and ${LEAST_REPLAY_DAYS} are needed`,
    )
  const startMs = toMs - replayDays * DAY_MS
  const warnings: string[] = []
  const services = series.map((one) => cut(one, { fromMs, startMs, toMs }, warnings))
  const learningDays = (startMs - fromMs) / DAY_MS
  if (learningDays < WEEKLY_DAYS)
    warnings.push(
      `${textOf(learningDays)} days to learn from: less than two weeks, so weekends come as a surprise`,
    )
  if (replayDays < 7)
    warnings.push(`${replayDays} days to replay: not every weekday, and wide intervals`)
  if (stepMs > 5 * 60_000)
    warnings.push(
      `one value every ${stepMs / 60_000} minutes: peaks within are not seen, so violations are rather more`,
    )
  return { stepMs, startMs, learningDays, replayDays, services, warnings }
}

function sameStep(series: readonly Series[]): number {
  const [first, ...others] = series
  if (first === undefined) throw new ThinHistory('no load of any service')
  const { stepMs } = first
  const other = others.find((one) => one.stepMs !== stepMs)
  if (other !== undefined)
    throw new ThinHistory(
      `${other.service} has a value every ${other.stepMs / 1000} s, ${first.service} every ${stepMs / 1000} s; --step puts all on one step`,
    )
  if (stepMs > LONGEST_STEP_MS)
    throw new ThinHistory(
      `one value every ${stepMs / HOUR_MS} hours: what happens within cannot be judged; at most one hour is allowed`,
    )
  if (DAY_MS % stepMs !== 0)
    throw new ThinHistory(
      `a value every ${stepMs / 1000} s does not divide a day; --step puts it on one that does`,
    )
  const offset = series.find((one) => (one.startMs - first.startMs) % stepMs !== 0)
  if (offset !== undefined)
    throw new ThinHistory(
      `the times of ${offset.service} lie between those of ${first.service}; --step puts all on one grid`,
    )
  return stepMs
}

/** Begin of the first step that was measured; Infinity: none was. */
function firstMs({ startMs, stepMs, values }: Series): number {
  const at = values.findIndex((value) => !Number.isNaN(value))
  return at < 0 ? Number.POSITIVE_INFINITY : startMs + at * stepMs
}

function lastMs({ startMs, stepMs, values }: Series): number {
  return startMs + (values.findLastIndex((value) => !Number.isNaN(value)) + 1) * stepMs
}

interface Span {
  readonly fromMs: number
  readonly startMs: number
  readonly toMs: number
}

function cut(
  { service, startMs, stepMs, values }: Series,
  span: Span,
  warnings: string[],
): HistoryService {
  const at = (ms: number) => Math.round((ms - startMs) / stepMs)
  const whole = values.subarray(at(span.fromMs), at(span.toMs))
  refuseGaps(service, whole, stepMs)
  const load = values.slice(at(span.startMs), at(span.toMs))
  const history = values.slice(at(span.fromMs), at(span.startMs))
  const filledSteps = load.filter(Number.isNaN).length
  if (filledSteps > 0)
    warnings.push(`${service}: ${filledSteps} of ${load.length} steps missing, drawn straight`)
  // the step before the replay is known; it holds the left end of a gap
  fillGaps(
    load,
    history.findLast((value) => !Number.isNaN(value)),
  )
  if (!load.some((value) => value > 0))
    throw new ThinHistory(`${service} had no request in the days to replay`)
  return { service, history, load, filledSteps }
}

function refuseGaps(service: string, values: Float64Array, stepMs: number): void {
  let longest = 0
  let missing = 0
  let run = 0
  for (const value of values) {
    run = Number.isNaN(value) ? run + 1 : 0
    if (run > 0) missing++
    longest = Math.max(longest, run)
  }
  if (longest * stepMs > LONGEST_GAP_MS)
    throw new ThinHistory(
      `${service} has a gap of ${textOf((longest * stepMs) / HOUR_MS)} hours; at most ${LONGEST_GAP_MS / HOUR_MS} are allowed, since nobody knows what it served then`,
    )
  if (missing > MOST_MISSING * values.length)
    throw new ThinHistory(
      `${service} lacks ${textOf((100 * missing) / values.length)} % of its values; at most ${100 * MOST_MISSING} % are allowed`,
    )
}

/** Straight from one known value to the next, in place. */
function fillGaps(values: Float64Array, before: number | undefined): void {
  let known = -1
  let last = before
  for (let i = 0; i <= values.length; i++) {
    const value = values[i]
    if (value !== undefined && Number.isNaN(value)) continue
    const to = value ?? last ?? 0
    const from = last ?? to
    for (let k = known + 1; k < i; k++) values[k] = from + ((to - from) * (k - known)) / (i - known)
    known = i
    last = value
  }
}

const textOf = (value: number): string => String(Math.round(10 * value) / 10)
