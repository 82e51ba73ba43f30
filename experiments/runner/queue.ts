/** The same batches as jobs over Redis: workers on any number of machines run them, each on threads of its own. */
import { JobsConfig } from '../../services/jobs/config.ts'
import { JobFailed } from '../../services/jobs/job.ts'
import type { JobHandler } from '../../services/jobs/job-queue.ts'
import { openJobs } from '../../services/jobs/registry.ts'
import type { Batch, Finished } from './jobs.ts'
import { type Pool, RunFailed } from './pool.ts'

/**
 * A pool whose threads are elsewhere. A batch that was done within a day is not done again. Throws a RangeError for an
 * address that is none of Redis; rejects with JobsUnavailable when nobody answers there.
 */
export async function createRemotePool(address: string): Promise<Pool> {
  const jobs = await openJobs({
    ...{ address, config: JobsConfig.parse({}), env: {} },
    ...{ nowMs: Date.now, random: Math.random },
  })
  await jobs.counts()
  return {
    async run(batch, onFinished) {
      const { id, jobs: runs } = batch
      const { plan, setting, seed } = runs[0]!
      const title = `${plan.name}, ${setting.kind}, seed ${seed}: ${runs.length} runs`
      const payload = { kind: 'experiment', title, payload: batch, key: id } as const
      const done = (await jobs.run(payload).catch(asFailure)) as Finished[]
      for (const finished of done) onFinished(finished)
    },
    close: () => jobs.close(),
  }
}

function asFailure(error: unknown): never {
  throw error instanceof JobFailed ? new RunFailed(error.message) : error
}

/** What a worker does with a batch. */
export function experimentHandler(pool: Pool): JobHandler {
  return async (payload) => {
    const finished: Finished[] = []
    await pool.run(payload as Batch, (one) => void finished.push(one))
    return finished
  }
}
