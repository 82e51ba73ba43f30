/**
 * A fitter that asks workers. Where there are none, where they take too long, where Redis is away or a fit failed on them,
 * the fit is done here: no model waits for what others have or have not.
 */
import { performance } from 'node:perf_hooks'
import type { FitReport } from '../../forecaster/forecaster.ts'
import type { JobsConfig } from '../jobs/config.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { fitJob, readFit } from './fit-job.ts'
import type { Fitter } from './fitter.ts'

const LOOK_EVERY_MS = 5000

export interface JobFitterDeps {
  readonly jobs: Pick<JobQueue, 'run' | 'workers'>
  readonly local: Fitter
  /** As they are now. */
  readonly limits: () => Pick<JobsConfig, 'fitWaitMs' | 'mostFits'>
  readonly log: { warn(fields: object, message: string): void }
}

export function createJobFitter({ jobs, local, limits, log }: JobFitterDeps): Fitter {
  const closing = new AbortController()
  let seen = { atMs: Number.NEGATIVE_INFINITY, workers: Promise.resolve(0) }

  /** 0 while nobody knows. */
  function workers(): Promise<number> {
    const nowMs = performance.now()
    if (nowMs - seen.atMs > LOOK_EVERY_MS)
      seen = { atMs: nowMs, workers: jobs.workers('fit').catch(() => 0) }
    return seen.workers
  }

  async function elsewhere(given: Parameters<Fitter['fit']>): Promise<FitReport | undefined> {
    if (closing.signal.aborted || (await workers()) === 0) return undefined
    try {
      const { fitWaitMs: waitMs } = limits()
      return readFit(await jobs.run(fitJob(...given), { waitMs, signal: closing.signal }))
    } catch (error) {
      const [{ service }] = given
      log.warn({ service, err: error }, 'no worker has fitted its model; it is done here')
      return undefined
    }
  }

  return {
    async fit(...given) {
      return (await elsewhere(given)) ?? local.fit(...given)
    },
    parallel: async () => ((await workers()) > 0 ? limits().mostFits : 1),
    async close() {
      closing.abort()
      await local.close()
    },
  }
}
