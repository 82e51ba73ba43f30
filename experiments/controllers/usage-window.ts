/**
 * Autopilot's moving-window statistics of a usage signal, one sample an aggregation window.
 *
 *   w[τ] = 2^(−τ/t½)    S_max = max of the window    S_avg = Σ w[τ] s[t−τ] / Σ w[τ]
 *   h[k] = b[k] · Σ w[τ] s[t−τ][k]    S_pj = the j-th percentile of h: of the load, not of the time
 *
 * Source: Rzadca et al., "Autopilot: workload autoscaling at Google", EuroSys 2020, §3.2.2, equations 1 to 3. The
 * histogram has about 400 buckets there; here each bound is 3 % above the one below.
 */
import { quantileOf } from './quantile.ts'

export const STATISTICS = [
  'max',
  'p95',
  'weighted-average',
  'load-p90',
  'load-p95',
  'load-p98',
] as const
export type Statistic = (typeof STATISTICS)[number]

const BUCKETS = 400
const FIRST = 0.01
const RATIO = 1.03

export interface UsageWindow {
  add(usage: number): void
  /** NaN before the first sample. */
  value(): number
}

/** `samples` is the horizon T of "max" and "p95", `halfLife` that of the others, both in samples. */
export function createUsageWindow(
  statistic: Statistic,
  { samples, halfLife }: { readonly samples: number; readonly halfLife: number },
): UsageWindow {
  switch (statistic) {
    case 'max':
      return createWindow(samples, 1)
    case 'p95':
      return createWindow(samples, 0.95)
    case 'weighted-average':
      return createAverage(0.5 ** (1 / halfLife))
    case 'load-p90':
      return createLoadHistogram(0.9, 0.5 ** (1 / halfLife))
    case 'load-p95':
      return createLoadHistogram(0.95, 0.5 ** (1 / halfLife))
    case 'load-p98':
      return createLoadHistogram(0.98, 0.5 ** (1 / halfLife))
  }
}

function createWindow(samples: number, level: number): UsageWindow {
  const kept: number[] = []
  return {
    add(usage) {
      kept.push(usage)
      if (kept.length > samples) kept.shift()
    },
    value: () => quantileOf(kept, level),
  }
}

function createAverage(keep: number): UsageWindow {
  let sum = 0
  let weight = 0
  return {
    add(usage) {
      sum = sum * keep + usage
      weight = weight * keep + 1
    },
    value: () => sum / weight,
  }
}

/** Bucket k holds what is below its bound b[k] = 0.01 · 1.03^k and not below the one before. */
const boundOf = (bucket: number): number => FIRST * RATIO ** bucket

function bucketOf(usage: number): number {
  if (usage < FIRST) return 0
  const bucket = Math.floor(Math.log(usage / FIRST) / Math.log(RATIO) + 1e-9) + 1
  return Math.min(BUCKETS - 1, bucket)
}

function createLoadHistogram(level: number, keep: number): UsageWindow {
  const weights = new Float64Array(BUCKETS)
  let any = false
  return {
    add(usage) {
      any = true
      for (let k = 0; k < BUCKETS; k++) weights[k]! *= keep
      weights[bucketOf(usage)]! += 1
    },
    value() {
      if (!any) return Number.NaN
      let total = 0
      for (let k = 0; k < BUCKETS; k++) total += weights[k]! * boundOf(k)
      let below = 0
      for (let k = 0; k < BUCKETS; k++) {
        below += weights[k]! * boundOf(k)
        if (below >= level * total - 1e-12 * total) return boundOf(k)
      }
      return boundOf(BUCKETS - 1)
    },
  }
}
