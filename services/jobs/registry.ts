/** The queue that the configuration names: over Redis, or in this process. BullMQ is loaded only where it is used. */
import type { JobLimits, JobsConfig } from './config.ts'
import { createInProcessQueue } from './in-process.ts'
import type { JobQueue } from './job-queue.ts'
import { addressOf } from './redis-address.ts'

export interface OpenJobs {
  readonly config: JobsConfig
  readonly env: Readonly<Record<string, string | undefined>>
  readonly nowMs: () => number
  readonly random: () => number
  /** Where a reload may have changed them; those of `config` when absent. */
  readonly limits?: (() => JobLimits) | undefined
  /** In place of what the configuration names. */
  readonly address?: string | undefined
}

/** Throws a RangeError for an address that is none of Redis. Whether anybody answers there shows at the first use. */
export async function openJobs({
  config,
  env,
  nowMs,
  random,
  limits = () => config,
  ...given
}: OpenJobs): Promise<JobQueue> {
  const address = given.address ?? addressOf(config, env)
  if (address === undefined) return createInProcessQueue({ limits, nowMs, random })
  const { createBullmqQueue } = await import('./bullmq-queue.ts')
  return createBullmqQueue({ address, config, limits, random })
}
