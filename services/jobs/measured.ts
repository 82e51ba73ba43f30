/** The same queue, what is asked of it counted and timed by what became of it. */
import { performance } from 'node:perf_hooks'
import { JobCancelled, JobFailed, type JobKind, JobLate, JobsUnavailable } from './job.ts'
import type { JobQueue } from './job-queue.ts'

export const JOB_OUTCOMES = ['done', 'failed', 'late', 'cancelled', 'unavailable', 'error'] as const
export type JobOutcome = (typeof JOB_OUTCOMES)[number]

export function measured(
  queue: JobQueue,
  ended: (labels: { kind: JobKind; outcome: JobOutcome }, seconds: number) => void,
): JobQueue {
  return {
    ...queue,
    async run(request, options) {
      const sinceMs = performance.now()
      const tell = (outcome: JobOutcome): void =>
        ended({ kind: request.kind, outcome }, (performance.now() - sinceMs) / 1000)
      try {
        const answer = await queue.run(request, options)
        tell('done')
        return answer
      } catch (error) {
        tell(outcomeOf(error))
        throw error
      }
    },
  }
}

function outcomeOf(error: unknown): JobOutcome {
  if (error instanceof JobFailed) return 'failed'
  if (error instanceof JobLate) return 'late'
  if (error instanceof JobCancelled) return 'cancelled'
  return error instanceof JobsUnavailable ? 'unavailable' : 'error'
}
