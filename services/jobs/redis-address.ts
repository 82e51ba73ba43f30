/** Where Redis is, and how it is spoken to. */
import type { JobsConfig } from './config.ts'

export interface RedisConnection {
  readonly url: string
  readonly maxRetriesPerRequest: null
  readonly enableOfflineQueue?: boolean
  readonly retryStrategy: (times: number) => number
}

const SOONEST_MS = 100
const LATEST_MS = 2000

/** Throws a RangeError for an address that is none of Redis. */
export function redisAt(address: string): RedisConnection {
  const url = URL.parse(address)
  if (url === null || !/^rediss?:$/.test(url.protocol))
    throw new RangeError(
      `queue ${hidden(address)} is not allowed; allowed: redis://host:port or rediss://…`,
    )
  return {
    url: address,
    maxRetriesPerRequest: null,
    // for ever: jobs outlive a Redis that is away
    retryStrategy: (times) => Math.min(LATEST_MS, SOONEST_MS * 2 ** Math.min(times, 10)),
  }
}

/** For people: without what is secret. */
export function hidden(address: string): string {
  return address.replace(/\/\/[^@/]*@/, '//')
}

/** The address that the configuration names; undefined: all is done in this process. Throws when its variable is empty. */
export function addressOf(
  { redis, redisEnv }: Pick<JobsConfig, 'redis' | 'redisEnv'>,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (redisEnv === undefined) return redis
  const address = env[redisEnv]
  if (!address)
    throw new RangeError(
      `jobs.redisEnv: the environment variable ${redisEnv} is not set; allowed: redis://host:port or rediss://…`,
    )
  return address
}
