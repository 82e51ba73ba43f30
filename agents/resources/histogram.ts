/**
 * How much of a resource a replica used, as a histogram that forgets: buckets grow by 5 %, and a sample loses half of its
 * weight with each half-life. Source: kubernetes/autoscaler vertical-pod-autoscaler/pkg/recommender/util/
 * {histogram,histogram_options,decaying_histogram}.go; the schemes are those of model/aggregations_config.go.
 */

/** Bucket n is `firstBucket × growth^n` wide; the last one begins at `most` or beyond, and has no end. */
export interface BucketScheme {
  readonly firstBucket: number
  readonly growth: number
  readonly most: number
}

/** Cores. */
export const CPU_BUCKETS: BucketScheme = { firstBucket: 0.01, growth: 1.05, most: 1000 }
/** Bytes. */
export const MEMORY_BUCKETS: BucketScheme = { firstBucket: 1e7, growth: 1.05, most: 1e12 }

export interface DecayingHistogram {
  /** `value` in the scheme's unit, 0 or more. */
  add(value: number, weight: number, atMs: number): void
  /** The end of the bucket that holds this share of all weight; undefined of nothing. */
  percentile(share: number): number | undefined
}

/** Only ages beside one another matter: `referenceMs` may be any time near the samples. */
export function createDecayingHistogram(
  scheme: BucketScheme,
  halfLifeMs: number,
  referenceMs: number,
): DecayingHistogram {
  const weights = new Float64Array(lastBucketOf(scheme) + 1)
  let total = 0
  return {
    add(value, weight, atMs) {
      const decayed = weight * 2 ** ((atMs - referenceMs) / halfLifeMs)
      const bucket = bucketOf(scheme, value)
      weights[bucket] = weights[bucket]! + decayed
      total += decayed
    },
    percentile(share) {
      if (!(total > 0)) return undefined
      const last = weights.findLastIndex((weight) => weight > 0)
      let bucket = weights.findIndex((weight) => weight > 0)
      let sum = weights[bucket]!
      while (bucket < last && sum < share * total) sum += weights[++bucket]!
      return startOf(scheme, Math.min(bucket + 1, weights.length - 1))
    },
  }
}

/** Where bucket n begins: the sum of the widths before it. */
function startOf({ firstBucket, growth }: BucketScheme, bucket: number): number {
  return (firstBucket * (growth ** bucket - 1)) / (growth - 1)
}

function bucketOf(scheme: BucketScheme, value: number): number {
  if (value < scheme.firstBucket) return 0
  return Math.min(lastBucketOf(scheme), Math.floor(bucketsUpTo(scheme, value)))
}

function lastBucketOf(scheme: BucketScheme): number {
  return Math.ceil(bucketsUpTo(scheme, scheme.most))
}

const bucketsUpTo = ({ firstBucket, growth }: BucketScheme, value: number): number =>
  Math.log((value * (growth - 1)) / firstBucket + 1) / Math.log(growth)
