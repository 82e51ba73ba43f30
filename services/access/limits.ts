/** How much of the API one caller or one address may use, and addresses that tried too many wrong keys. */
import { createRequire } from 'node:module'
import ipaddr from 'ipaddr.js'
import type * as library from 'rate-limiter-flexible'
import type { LimitsConfig } from './config.ts'

type Library = typeof library
const load = createRequire(import.meta.url)
// by their files: the library's own index also loads the limiters of fifteen databases
const RateLimiterMemory: Library['RateLimiterMemory'] = load(
  'rate-limiter-flexible/lib/RateLimiterMemory.js',
)
const RateLimiterRes: Library['RateLimiterRes'] = load(
  'rate-limiter-flexible/lib/RateLimiterRes.js',
)

export interface Limits {
  /** Seconds to wait; undefined: go on. */
  spend(countedAs: string): Promise<number | undefined>
  /** The same for an address that is blocked after wrong keys. */
  blocked(address: string): Promise<number | undefined>
  /** A wrong key or token came from there. */
  failed(address: string): Promise<void>
}

const MINUTE_S = 60

export function createLimits(config: LimitsConfig): Limits {
  const requests = new RateLimiterMemory({
    keyPrefix: 'requests',
    points: config.requestsPerSecond,
    duration: 1,
  })
  const failures = new RateLimiterMemory({
    keyPrefix: 'failures',
    points: config.failuresPerMinute,
    duration: MINUTE_S,
    blockDuration: config.blockSeconds,
  })
  // nearly always nobody has failed of late, and then nobody has to be looked up
  let failedAtMs = Number.NEGATIVE_INFINITY
  const forgottenMs = 1000 * (MINUTE_S + config.blockSeconds)
  return {
    spend: (countedAs) => waitOf(requests.consume(countedAs)),
    async blocked(address) {
      if (performance.now() - failedAtMs > forgottenMs) return undefined
      const state = await failures.get(networkOf(address))
      if (state === null || state.consumedPoints <= config.failuresPerMinute) return undefined
      return secondsOf(state)
    },
    async failed(address) {
      failedAtMs = performance.now()
      await waitOf(failures.consume(networkOf(address)))
    },
  }
}

async function waitOf(consumed: Promise<unknown>): Promise<number | undefined> {
  try {
    await consumed
    return undefined
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return secondsOf(refused)
    throw refused
  }
}

const secondsOf = ({ msBeforeNext }: library.RateLimiterRes): number =>
  Math.max(1, Math.ceil(msBeforeNext / 1000))

/** Whoever has one IPv6 address has 2^64 of them, so that those count as one. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  if (parsed instanceof ipaddr.IPv4) return parsed.toString()
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
