/**
 * One replay: every request is sent when the schedule says so, whether or not earlier ones were answered (open loop),
 * never more than the declared most in any second. It ends when the schedule does, or when it is told to stop; either
 * way there is a report of what was.
 */
import { createHash } from 'node:crypto'
import { BUCKETS, bucketOf, quantileOf } from '../histogram.ts'
import { createRateLimit } from './rate-limit.ts'
import { arrivalsBySecond, type Schedule, type Stage, stagesOf } from './schedule.ts'
import { createSender } from './sender.ts'
import { createTally, type Fate, type Interval, type Summary, type Tally } from './tally.ts'
import type { Target } from './target.ts'

/** After being told to stop: what is on its way may end within this. */
const STOP_LIMIT_MS = 2000
const PROGRESS_EVERY_MS = 1000
/** A generator that lags behind still lets answers in so often. */
const BREATH_MS = 5

export interface ReplayOptions {
  readonly schedule: Schedule
  readonly target: Target
  /** Never more requests in any second. */
  readonly mostPerSecond: number
  readonly mostInFlight: number
  readonly timeoutMs: number
  readonly sloSeconds: number
  readonly stop?: AbortSignal
  /** What became of each request, as soon as it is known. */
  readonly onOver?: (intendedMs: number, fate: Fate) => void
  /** About once a second. */
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly sinceStartMs: number
  /** What the curve asks for now, requests/s. */
  readonly plannedRps: number
  readonly pending: number
  /** Of the last intervals that have ended, and of all. */
  readonly recent: Summary
  readonly total: Summary
}

export interface ReplayReport {
  readonly ended: 'complete' | 'interrupted'
  /** How long arrivals were sent, ms. */
  readonly lastedMs: number
  readonly total: Summary
  readonly stages: readonly (Stage & Summary)[]
  readonly intervalMs: number
  readonly intervals: readonly Interval[]
  readonly statuses: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly histogram: readonly { readonly atMostSeconds: number; readonly count: number }[]
  /** SHA-256 of the intended send times drawn so far: the same after two complete replays of one schedule. */
  readonly arrivalsHash: string
  /** How long after its intended time this process took up a request, seconds: what the generator itself adds. */
  readonly lateness: {
    readonly p50: number | null
    readonly p99: number | null
    readonly most: number
  }
}

export async function runReplay(options: ReplayOptions): Promise<ReplayReport> {
  const { schedule, target, mostInFlight, timeoutMs, sloSeconds, stop, onProgress } = options
  const startMs = performance.now()
  const nowMs = () => performance.now() - startMs
  const tally = createTally({ durationMs: schedule.durationMs, sloSeconds })
  const lateness = createLateness()
  const record = (intendedMs: number, fate: Fate): void => {
    tally.record(intendedMs, fate)
    options.onOver?.(intendedMs, fate)
  }
  const sender = createSender({
    ...{ target, mostInFlight, timeoutMs, nowMs },
    over: record,
  })
  const timer = setInterval(() => {
    onProgress?.(progressOf(schedule, tally, nowMs(), sender.pending()))
  }, PROGRESS_EVERY_MS)
  const hash = createHash('sha256')
  const limit = createRateLimit(options.mostPerSecond)
  try {
    for await (const intendedMs of dueArrivals(schedule, hash, nowMs, stop)) {
      lateness.note(intendedMs, nowMs())
      if (limit.admit(nowMs())) sender.send(intendedMs)
      else record(intendedMs, { kind: 'held' })
    }
  } finally {
    clearInterval(timer)
  }
  const lastedMs = Math.min(nowMs(), schedule.durationMs)
  const interrupted = stop?.aborted ?? false
  await sender.close(interrupted ? Math.min(STOP_LIMIT_MS, timeoutMs) : 2 * timeoutMs)
  return {
    ended: interrupted ? 'interrupted' : 'complete',
    lastedMs,
    total: tally.summary(),
    stages: tally.byStage(stagesOf(schedule).filter(({ fromMs }) => fromMs < lastedMs)),
    intervalMs: tally.intervalMs,
    intervals: tally.intervals().filter(({ fromMs }) => fromMs < lastedMs),
    ...tally.answers(),
    histogram: tally.histogram(),
    arrivalsHash: hash.digest('hex'),
    lateness: lateness.view(),
  }
}

/** Each intended send time once it has come, until `stop`; the whole duration passes before it ends by itself. */
async function* dueArrivals(
  schedule: Schedule,
  hash: { update(bytes: Uint8Array): unknown },
  nowMs: () => number,
  stop: AbortSignal | undefined,
): AsyncGenerator<number> {
  let breathedMs = nowMs()
  for (const times of arrivalsBySecond(schedule)) {
    hash.update(new Uint8Array(Float64Array.from(times).buffer))
    for (const intendedMs of times) {
      if (intendedMs > nowMs()) {
        await sleepUntil(intendedMs, nowMs, stop)
        breathedMs = nowMs()
      } else if (nowMs() - breathedMs > BREATH_MS) {
        await new Promise(setImmediate)
        breathedMs = nowMs()
      }
      if (stop?.aborted) return
      yield intendedMs
    }
  }
  await sleepUntil(schedule.durationMs, nowMs, stop)
}

/** Returns at or after `atMs`, or at once when stopped. */
async function sleepUntil(
  atMs: number,
  nowMs: () => number,
  stop: AbortSignal | undefined,
): Promise<void> {
  while (nowMs() < atMs && !stop?.aborted) {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        stop?.removeEventListener('abort', wake)
        resolve()
      }
      const timer = setTimeout(wake, atMs - nowMs())
      stop?.addEventListener('abort', wake)
    })
  }
}

function progressOf(
  { curve }: Schedule,
  tally: Tally,
  sinceStartMs: number,
  pending: number,
): Progress {
  const { intervalMs } = tally
  const toMs = Math.floor(sinceStartMs / intervalMs) * intervalMs
  return {
    sinceStartMs,
    plannedRps: curve.rpsAt(sinceStartMs),
    pending,
    recent: tally.summary(toMs - 2 * intervalMs, toMs),
    total: tally.summary(),
  }
}

function createLateness() {
  const counts = new Uint32Array(BUCKETS)
  let most = 0
  return {
    note(intendedMs: number, nowMs: number) {
      const seconds = Math.max(0, nowMs - intendedMs) / 1000
      most = Math.max(most, seconds)
      counts[bucketOf(seconds)]!++
    },
    view: () => ({ p50: quantileOf(counts, 0.5), p99: quantileOf(counts, 0.99), most }),
  }
}
