/** The configuration's section `jobs`: where fits, backtests and trainings are done, and how hard it is tried. */
import { z } from 'zod'

const DAY_MS = 24 * 60 * 60 * 1000

const redis = z
  .url({ protocol: /^rediss?$/, error: 'must be an address: redis://host:port or rediss://…' })
  .refine((url) => !URL.parse(url)?.password, {
    error: 'must hold no password: name a variable that holds the whole address in redisEnv',
  })

export const JobsConfig = z
  .strictObject({
    redis: redis.optional().meta({
      description:
        'Redis with the jobs that `forescale worker`s do, redis://host:port. Neither this nor redisEnv: all is done in this process.',
    }),
    redisEnv: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .meta({ description: 'Environment variable that holds that address, password included.' }),
    prefix: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 small letters, digits and hyphens')
      .default('forescale')
      .meta({ description: 'Of all keys in Redis: installations that share one have their own.' }),
    lockMs: z.int().min(500).max(600_000).default(15_000).meta({
      description: 'A worker that was silent for so long has lost its job to another, ms.',
    }),
    attempts: z.int().min(1).max(20).default(3).meta({
      description: 'Attempts that fail before a job is given up and kept as a dead letter.',
    }),
    mostStalls: z.int().min(0).max(100).default(10).meta({
      description: 'Workers that a job may cost their lives before it is given up.',
    }),
    backoffMs: z.int().min(1).max(600_000).default(1000).meta({
      description: 'Before the second attempt; twice as long before each one after it, ms.',
    }),
    longestBackoffMs: z.int().min(1).max(3_600_000).default(60_000),
    fitWaitMs: z.int().min(100).max(3_600_000).default(120_000).meta({
      description: 'A fit that no worker has done after so long is done in this process, ms.',
    }),
    mostFits: z.int().min(1).max(1000).default(32).meta({
      description: 'Fits that are asked of workers at the same time.',
    }),
    keepDead: z.int().min(1).max(100_000).default(1000).meta({
      description: 'Dead letters kept, of each kind; the oldest go first.',
    }),
    keepDeadMs: z
      .int()
      .positive()
      .default(14 * DAY_MS),
  })
  .refine((c) => c.redis === undefined || c.redisEnv === undefined, {
    error: 'must not stand beside redis: one of them names the address',
    path: ['redisEnv'],
  })
  .refine((c) => c.backoffMs <= c.longestBackoffMs, {
    error: 'must be at least backoffMs',
    path: ['longestBackoffMs'],
  })
  .meta({ id: 'JobsConfig' })
export type JobsConfig = z.infer<typeof JobsConfig>

/** What holds for each attempt as it is begun or has failed, so that a reload changes it; the rest is taken at the start. */
export type JobLimits = Pick<
  JobsConfig,
  'attempts' | 'backoffMs' | 'longestBackoffMs' | 'keepDead' | 'keepDeadMs'
>
