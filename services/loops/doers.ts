/** Who fits and trains: workers where Redis is named, and this process where none of them does. */
import type { AppConfig } from '../config.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { measured } from '../jobs/measured.ts'
import { openJobs } from '../jobs/registry.ts'
import type { Instruments } from '../telemetry/instruments.ts'
import { type StartTraining, trainingElsewhere } from '../trainings/train-elsewhere.ts'
import type { Log } from './core.ts'
import { createFitter, type Fitter } from './fitter.ts'
import { createJobFitter } from './job-fitter.ts'

/** A fit that takes longer is broken off and done again without the slow models. */
const FIT_LIMIT_MS = 60_000

export interface Doers {
  readonly jobs: JobQueue
  readonly fitter: Fitter
  readonly startTraining: StartTraining | undefined
  close(): Promise<void>
}

/** `config` gives what is in force: most limits hold as a reload leaves them, the rest as it is now. */
export async function openDoers(
  config: () => Pick<AppConfig, 'jobs'>,
  env: NodeJS.ProcessEnv,
  log: Log,
  { asked }: Pick<Instruments, 'asked'>,
): Promise<Doers> {
  const limits = () => config().jobs
  const opened = await openJobs({
    ...{ config: limits(), limits, env },
    ...{ nowMs: Date.now, random: Math.random },
  })
  const jobs = measured(opened, asked)
  const local = createFitter({ timeLimitMs: FIT_LIMIT_MS })
  const onError = (error: unknown, what: string) => log.error({ err: error }, what)
  const isHere = jobs.kind === 'in-process'
  const fitter = isHere ? local : createJobFitter({ jobs, local, limits, log })
  return {
    jobs,
    fitter,
    startTraining: isHere ? undefined : trainingElsewhere({ jobs, onError }),
    async close() {
      await fitter.close()
      await jobs.close()
    },
  }
}
