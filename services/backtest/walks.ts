/** Who carries out walks: the workers that the configuration names, where there are some; else one thread here. */
import type { RollingResult } from '../../forecaster/accuracy/rolling.ts'
import type { JobsConfig } from '../jobs/config.ts'
import { createInProcessQueue } from '../jobs/in-process.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { openJobs } from '../jobs/registry.ts'
import { openWalkWork, readWalk, walkJob } from './walk-job.ts'
import type { WalkRequest } from './walk-worker.ts'

export interface Walks {
  walk(request: WalkRequest): Promise<RollingResult>
  /** Walks that are worth asking for side by side. */
  readonly parallel: number
  close(): Promise<void>
}

const MOST_PARALLEL = 16

export async function openWalks(
  config: JobsConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Walks> {
  const around = { env, nowMs: Date.now, random: Math.random }
  const jobs = await openJobs({ config, ...around })
  const isElsewhere = jobs.kind === 'bullmq' && (await jobs.workers('backtest').catch(() => 0)) > 0
  if (isElsewhere) return walksOn(jobs, MOST_PARALLEL, () => jobs.close())
  await jobs.close()
  // here a walk that fails would fail again
  const own = createInProcessQueue({ ...around, limits: () => ({ ...config, attempts: 1 }) })
  const work = openWalkWork(1)
  await own.work({ backtest: work.handler }, { threads: 1 })
  return walksOn(own, 1, async () => {
    await own.close()
    await work.close()
  })
}

const walksOn = (jobs: JobQueue, parallel: number, close: () => Promise<void>): Walks => ({
  walk: async (request) => readWalk(await jobs.run(walkJob(request))),
  parallel,
  close,
})
