/** A job as this process holds it, and whoever waits for it. */
import { Conflict } from '../control-plane.ts'
import {
  JOB_KINDS,
  JobCancelled,
  JobFailed,
  type JobKind,
  JobLate,
  type JobRequest,
  type JobState,
  type JobSummary,
  type JobView,
} from './job.ts'
import type { AskOptions } from './job-queue.ts'
import { inShort } from './packed.ts'

/** Changes as it goes on. */
export interface Held {
  readonly request: JobRequest
  summary: JobSummary
  readonly errors: string[]
  saved: unknown
  result: unknown
  timer: NodeJS.Timeout | undefined
  /** Aborted when nobody wants it any more. */
  readonly unwanted: AbortController
  readonly listeners: Set<Listener>
}

export interface Listener {
  changed(held: Held): void
  progress(progress: unknown): void
}

export function newHeld(request: JobRequest, id: string, code: string, nowMs: number): Held {
  const { kind, title } = request
  return {
    request,
    summary: {
      ...{ id, kind, title, code, state: 'waiting', attempts: 0, stalls: 0, worker: null },
      ...{ askedAtMs: nowMs, startedAtMs: null, endedAtMs: null, error: null },
    },
    ...{ errors: [], saved: undefined, result: undefined, timer: undefined },
    unwanted: new AbortController(),
    listeners: new Set(),
  }
}

export function change(held: Held, to: Partial<JobSummary>): void {
  held.summary = { ...held.summary, ...to }
  for (const listener of [...held.listeners]) listener.changed(held)
}

export const viewOf = ({ summary, errors, request }: Held): JobView => ({
  ...summary,
  errors: [...errors],
  payload: inShort(request.payload),
})

/** What comes of it, for one who asked; `cancel` is called when that one no longer wants it. */
export function answerOf(
  held: Held,
  asked: AskOptions,
  cancel: (why: Error) => void,
): Promise<unknown> {
  const { waitMs, signal } = asked
  return new Promise((resolve, reject) => {
    let saved: unknown
    let timer: NodeJS.Timeout | undefined
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      held.listeners.delete(listener)
      then()
    }
    const cancelFor = (why: Error): void => {
      settle(() => reject(why))
      cancel(why)
    }
    const giveUp = (): void => cancelFor(new JobCancelled('it was cancelled'))
    const listener: Listener = {
      progress: (progress) => asked.onProgress?.(progress),
      changed({ summary, unwanted, ...now }) {
        if (now.saved !== saved) {
          saved = now.saved
          asked.onSaved?.(saved)
        }
        if (unwanted.signal.aborted) settle(() => reject(unwanted.signal.reason))
        else if (summary.state === 'done') settle(() => resolve(now.result))
        else if (summary.state === 'dead')
          settle(() => reject(new JobFailed(summary.error ?? 'without a word')))
      },
    }
    const late = (): void => cancelFor(new JobLate(`not done within ${waitMs} ms`))
    if (waitMs !== undefined) timer = setTimeout(late, waitMs)
    held.listeners.add(listener)
    signal?.addEventListener('abort', giveUp, { once: true })
    if (signal?.aborted) giveUp()
    else listener.changed(held)
  })
}

export function assertDead({ id, state }: Pick<JobSummary, 'id' | 'state'>): void {
  if (state !== 'dead')
    throw new Conflict(`job ${id} is ${state}; only one that is dead can be begun anew`)
}

export const emptyCounts = (): Record<JobKind, Record<JobState, number>> =>
  Object.fromEntries(
    JOB_KINDS.map((kind) => [kind, { waiting: 0, active: 0, delayed: 0, dead: 0, done: 0 }]),
  ) as Record<JobKind, Record<JobState, number>>
