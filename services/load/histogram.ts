/**
 * Latencies in buckets that grow by 4 %, so that a quantile over any span is a sum of counts and is off by 2 % at most:
 * from 0.1 ms to two minutes.
 */
const FIRST_BUCKET_SECONDS = 0.0001
const GROWTH = 1.04
const LOG_GROWTH = Math.log(GROWTH)
export const BUCKETS = 360

export function bucketOf(seconds: number): number {
  const bucket = Math.ceil(Math.log(seconds / FIRST_BUCKET_SECONDS) / LOG_GROWTH)
  return Math.min(BUCKETS - 1, Math.max(0, bucket))
}

/** Longest latency that bucket `i` counts, seconds. */
export function bucketTopSeconds(i: number): number {
  return FIRST_BUCKET_SECONDS * GROWTH ** i
}

/** Seconds, the middle of the bucket; null without any count. */
export function quantileOf(counts: ArrayLike<number>, level: number): number | null {
  let total = 0
  for (let i = 0; i < counts.length; i++) total += counts[i]!
  if (total === 0) return null
  const rank = level * total
  let seen = 0
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]!
    if (seen >= rank && counts[i]! > 0) return FIRST_BUCKET_SECONDS * GROWTH ** (i - 0.5)
  }
  return null
}
