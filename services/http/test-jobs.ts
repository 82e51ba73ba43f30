/** Jobs in memory for tests of the HTTP surface: the documented ones. */
import { Conflict } from '../control-plane.ts'
import { JobsUnavailable } from '../jobs/job.ts'
import type { JobControl } from '../jobs/job-queue.ts'
import * as examples from './examples-jobs.ts'

/** Of which nobody knows, for Redis is away. */
export const AWAY_JOB = 'f'.repeat(32)

export interface TestJobs {
  readonly control: JobControl
  /** What was asked for, in words. */
  readonly asked: string[]
}

export function createTestJobs(): TestJobs {
  const asked: string[] = []
  const known = (id: string): boolean => {
    if (id === AWAY_JOB) throw new JobsUnavailable('the queue does not answer')
    return id === examples.dead.id || id === examples.waiting.id
  }
  return {
    asked,
    control: {
      async list({ kind, state, limit }) {
        asked.push(`list ${kind ?? 'all'} ${state ?? 'all'} ${limit}`)
        return [examples.dead, examples.waiting].filter(
          (one) => (kind ?? one.kind) === one.kind && (state ?? one.state) === one.state,
        )
      },
      get: async (id) => (known(id) ? examples.view : undefined),
      async retry(id) {
        if (!known(id)) return undefined
        if (id === examples.waiting.id) throw new Conflict(`job ${id} is waiting`)
        asked.push(`retry ${id}`)
        return examples.begun
      },
      async discard(id) {
        if (!known(id)) return false
        asked.push(`discard ${id}`)
        return true
      },
    },
  }
}
