/**
 * A job: work that any worker with the same code can do, with the same result. It is known by a hash of what decides that
 * result, so that whoever asks twice asks for one job, and a result that comes twice is one result.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { canonicalJson } from '../config-file.ts'
import { toExactJson } from '../exact-json.ts'

/** By urgency: what comes first is begun first where a worker does several kinds. */
export const JOB_KINDS = ['fit', 'backtest', 'experiment', 'training'] as const
export const JobKind = z.enum(JOB_KINDS).meta({
  id: 'JobKind',
  description:
    'fit: one model for one service; backtest: one model walked through stored load; experiment: runs of one controller; training: a policy.',
})
export type JobKind = z.infer<typeof JobKind>

export const JOB_STATES = ['waiting', 'active', 'delayed', 'dead', 'done'] as const
export const JobState = z.enum(JOB_STATES).meta({
  id: 'JobState',
  description:
    'waiting: for a worker; active: a worker is at it; delayed: waits for its next attempt; dead: given up, kept with its error; done: its result is kept for a while.',
})
export type JobState = z.infer<typeof JobState>

/** An attempt that takes longer is ended. */
export const ATTEMPT_LIMITS_MS: Readonly<Record<JobKind, number>> = {
  fit: 60_000,
  backtest: 30 * 60_000,
  experiment: 6 * 60 * 60_000,
  training: 7 * 24 * 60 * 60_000,
}

/** Results that nobody has taken yet are kept for so long. */
export const KEEP_DONE_MS: Readonly<Record<JobKind, number>> = {
  fit: 10 * 60_000,
  backtest: 60 * 60_000,
  experiment: 24 * 60 * 60_000,
  training: 24 * 60 * 60_000,
}

export const JobId = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits')

export const JobSummary = z
  .strictObject({
    id: JobId.meta({ description: 'A hash of what is asked for.' }),
    kind: JobKind,
    state: JobState,
    title: z.string().meta({ description: 'What it is, in words.' }),
    code: z.string().meta({ description: 'Code, engine and processor that its result is of.' }),
    attempts: z.int().min(0).meta({ description: 'Attempts that failed.' }),
    stalls: z.int().min(0).meta({ description: 'Workers that died, or were silent, at it.' }),
    worker: z.string().nullable().meta({ description: 'Who is at it, or was last.' }),
    askedAtMs: z.number(),
    startedAtMs: z.number().nullable(),
    endedAtMs: z.number().nullable(),
    error: z.string().nullable().meta({ description: 'Of the last attempt that failed.' }),
  })
  .meta({ id: 'Job', description: 'Work that is done by workers.' })
export type JobSummary = z.infer<typeof JobSummary>

export const JobView = JobSummary.extend({
  errors: z.array(z.string()).meta({ description: 'Of each attempt, with where it was thrown.' }),
  payload: z.unknown().meta({
    description: 'What was asked for; of long lists and texts their length and how they begin.',
  }),
}).meta({ id: 'JobView', description: 'A job with its payload and errors.' })
export type JobView = z.infer<typeof JobView>

export interface JobRequest {
  readonly kind: JobKind
  /** For people, a line. */
  readonly title: string
  /** Plain data. */
  readonly payload: unknown
  /** What decides the result, where that is not the whole payload. */
  readonly key?: unknown
  /** Of one attempt; that of its kind when absent, ms. */
  readonly limitMs?: number | undefined
}

/** Of what decides the result: kind, code and payload. Not of the order of a payload's fields. */
export function jobIdOf({ kind, payload, key }: JobRequest, code: string): string {
  const deciding = [kind, code, JSON.parse(toExactJson(key ?? payload))]
  return createHash('sha256').update(canonicalJson(deciding)).digest('hex').slice(0, 32)
}

/** It was given up: every attempt failed. */
export class JobFailed extends Error {
  override readonly name = 'JobFailed'
}

/** Nobody had done it in time. */
export class JobLate extends Error {
  override readonly name = 'JobLate'
}

/** Whoever asked no longer wants it. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled'
}

/** The queue does not answer. */
export class JobsUnavailable extends Error {
  override readonly name = 'JobsUnavailable'
}

/** Failed so that another attempt would fail alike: it is given up at once. */
export class NeverAgain extends Error {
  override readonly name = 'NeverAgain'
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
