/** Jobs as BullMQ keeps them, and what they are in our words. */
import type { Job, JobType, JobState as TheirState } from 'bullmq'
import { z } from 'zod'
import { JobKind, type JobState, type JobSummary, type JobView } from './job.ts'
import { inShort, unpack } from './packed.ts'

export const StoredJob = z.object({
  code: z.string(),
  title: z.string(),
  limitMs: z.number().positive(),
  /** By `pack`. */
  payload: z.string(),
  saved: z.string().optional(),
})
export type StoredJob = z.infer<typeof StoredJob>

export type TheirJob = Job<StoredJob, string>

export const THEIR_STATES = {
  waiting: ['waiting', 'prioritized'],
  active: ['active'],
  delayed: ['delayed'],
  dead: ['failed'],
  done: ['completed'],
} as const satisfies Readonly<Record<JobState, readonly JobType[]>>

/** Workers are known by their place and their code: others have no use for one whose code is another. */
export const nameOf = (place: string, code: string): string => `${place}~${code}`
export const placeIn = (name: string): string => name.split('~')[0] ?? name
export const hasCode = (name: string, code: string): boolean => name.endsWith(`~${code}`)

export function stateOf(theirs: TheirState | 'unknown'): JobState {
  switch (theirs) {
    case 'completed':
      return 'done'
    case 'failed':
      return 'dead'
    case 'active':
      return 'active'
    case 'delayed':
      return 'delayed'
    default:
      return 'waiting'
  }
}

export function summaryOf(job: TheirJob, state: JobState): JobSummary {
  const { title, code } = StoredJob.parse(job.data)
  // they count an attempt when it has ended, however it ended
  const attempts = Math.max(0, job.attemptsMade - (state === 'done' ? 1 : 0))
  return {
    ...{ id: job.id!, kind: JobKind.parse(job.name), state, title, code, attempts },
    stalls: job.stalledCounter,
    worker: job.processedBy === undefined ? null : placeIn(job.processedBy),
    askedAtMs: job.timestamp,
    startedAtMs: job.processedOn ?? null,
    endedAtMs: job.finishedOn ?? null,
    error: attempts > 0 || state === 'dead' ? (job.failedReason ?? null) : null,
  }
}

export async function viewOf(job: TheirJob, state: JobState): Promise<JobView> {
  return {
    ...summaryOf(job, state),
    errors: [...(job.stacktrace ?? [])],
    payload: inShort(await unpack(StoredJob.parse(job.data).payload)),
  }
}
