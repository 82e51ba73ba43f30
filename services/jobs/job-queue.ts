/**
 * The port behind which jobs are asked for, done and looked at, in this process or over Redis. To be one is to pass
 * conformance.e2e.test.ts.
 */
import type { JobKind, JobRequest, JobState, JobSummary, JobView } from './job.ts'

export interface AskOptions {
  /** The longest wait for an answer, ms; absent: as long as it takes, also while the queue is away. */
  readonly waitMs?: number | undefined
  /** Aborted: the job is cancelled, wherever it is. */
  readonly signal?: AbortSignal | undefined
  /** What it tells as it goes on: some of it may come twice, or not at all. */
  readonly onProgress?: ((progress: unknown) => void) | undefined
  /** The newest that it has saved to go on from. */
  readonly onSaved?: ((saved: unknown) => void) | undefined
}

export interface JobCounts extends Readonly<Record<JobState, number>> {}

export interface ListQuery {
  readonly kind?: JobKind | undefined
  readonly state?: JobState | undefined
  readonly limit: number
}

/** What people ask of jobs. All reject with JobsUnavailable when the queue does not answer. */
export interface JobControl {
  /** Newest first. */
  list(query: ListQuery): Promise<readonly JobSummary[]>
  get(id: string): Promise<JobView | undefined>
  /** Begins a dead one anew, as if no attempt had failed. Rejects with Conflict for another; undefined: there is none. */
  retry(id: string): Promise<JobView | undefined>
  /** Removes it; one that a worker is at is cancelled. False: there is none. */
  discard(id: string): Promise<boolean>
}

/** Of who has no queue. */
export const NO_JOBS: JobControl = {
  list: async () => [],
  get: async () => undefined,
  retry: async () => undefined,
  discard: async () => false,
}

export interface JobQueue extends JobControl {
  readonly kind: 'in-process' | 'bullmq'
  /**
   * The job's result: of this call, or of an earlier one that asked for the same. A dead one is begun anew. Rejects with
   * JobFailed, JobLate, JobCancelled or JobsUnavailable.
   */
  run(request: JobRequest, options?: AskOptions): Promise<unknown>
  counts(): Promise<Readonly<Record<JobKind, JobCounts>>>
  /** That take jobs of this kind and of this code now. */
  workers(kind: JobKind): Promise<number>
  /** From here on jobs of these kinds are done here too. */
  work(handlers: JobHandlers, options: WorkOptions): Promise<JobWorker>
  close(): Promise<void>
}

export interface JobContext {
  /** Aborted: time is up, it was cancelled, or another worker has it by now. What is left is for nobody. */
  readonly signal: AbortSignal
  /** What an earlier attempt saved, on whatever worker; undefined: nothing. */
  readonly saved: unknown
  /** From where the next attempt may go on. */
  save(state: unknown): Promise<void>
  /** Whoever waits for it is told. */
  tell(progress: unknown): Promise<void>
}

/** Plain data in, plain data out. It may be called twice for one job, at the same time, in two places. */
export type JobHandler = (payload: unknown, context: JobContext) => Promise<unknown>
export type JobHandlers = Readonly<Partial<Record<JobKind, JobHandler>>>

export interface WorkOptions {
  /** Jobs done side by side. */
  readonly threads: number
  readonly onEvent?: ((event: WorkEvent) => void) | undefined
}

export interface WorkEvent {
  readonly what: 'begun' | 'done' | 'failed' | 'left' | 'connection'
  readonly kind: JobKind
  readonly id?: string
  readonly title?: string
  readonly detail?: string | undefined
}

export interface JobWorker {
  /** What it is at goes back to the queue. */
  close(): Promise<void>
}
