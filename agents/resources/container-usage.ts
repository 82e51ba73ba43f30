/**
 * What a container used in all replicas of a workload, and the requests that this asks for: percentiles of a histogram that
 * forgets, a safety margin, and bounds that are the wider the shorter the history. Source: kubernetes/autoscaler
 * vertical-pod-autoscaler/pkg/recommender/logic/{recommender,estimator}.go; docs/flags.md has the defaults, which are ours.
 *
 * Every sample weighs the same, as those do that the recommender reads from a Prometheus. A sample that speaks for more than
 * a minute counts for as many in the confidence, which is defined by samples a minute apart.
 */
import { CPU_BUCKETS, createDecayingHistogram, MEMORY_BUCKETS } from './histogram.ts'
import { createMemoryPeaks, type MemoryPeaks, type OomBump } from './memory-peaks.ts'

const DAY_MS = 86_400_000
/** Weight of each sample; only weights beside one another matter. */
const WEIGHT = 1
/** (1 + 0.001/c)^-2 and (1 + 1/c)^1 with the confidence c in days. */
const LOWER_CONFIDENCE = { multiplier: 0.001, exponent: -2 }
const UPPER_CONFIDENCE = { multiplier: 1, exponent: 1 }

export interface SizingRule {
  /** Shares of the usage that a request should cover. */
  readonly levels: { readonly lower: number; readonly target: number; readonly upper: number }
  /** Added to what is used, as a fraction of it. */
  readonly margin: number
  readonly halfLifeMs: number
  readonly oom: OomBump
  /** No less is asked for, whatever is used. */
  readonly least: { readonly cores: number; readonly bytes: number }
}

export interface Estimate {
  readonly lower: number
  readonly target: number
  readonly upper: number
  /** The target is the minimum, and says nothing of the usage. */
  readonly isLeast: boolean
}

export interface ContainerEstimate {
  /** Cores; undefined: its CPU was never seen. */
  readonly cpu: Estimate | undefined
  /** Bytes; undefined: its memory was never seen. */
  readonly memory: Estimate | undefined
}

export interface ContainerUsage {
  cpu(atMs: number, cores: number): void
  /** Of one replica in the order of time, kills among it. */
  memory(replica: string, atMs: number, bytes: number): void
  killed(replica: string, atMs: number, requestedBytes: number): void
  /** Days that the history is worth: the time it spans, and no more than its samples a minute apart would. */
  confidenceDays(): number
  kills(): { readonly count: number; readonly lastAtMs: number | undefined }
  estimate(rule: SizingRule): ContainerEstimate
}

/** `stepMs`: time that a sample speaks for. */
export function createContainerUsage(
  { halfLifeMs, oom }: Pick<SizingRule, 'halfLifeMs' | 'oom'>,
  stepMs: number,
  nowMs: number,
): ContainerUsage {
  const cores = createDecayingHistogram(CPU_BUCKETS, halfLifeMs, nowMs)
  const peaks = new Map<string, MemoryPeaks>()
  let [samples, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [kills, lastKillMs] = [0, Number.NEGATIVE_INFINITY]

  function peaksOf(replica: string): MemoryPeaks {
    const known = peaks.get(replica) ?? createMemoryPeaks(DAY_MS, oom)
    peaks.set(replica, known)
    return known
  }
  const confidenceDays = () =>
    samples === 0 ? 0 : Math.min(lastMs - firstMs, samples * stepMs) / DAY_MS

  return {
    cpu(atMs, used) {
      cores.add(used, WEIGHT, atMs)
      samples++
      firstMs = Math.min(firstMs, atMs)
      lastMs = Math.max(lastMs, atMs)
    },
    memory: (replica, atMs, bytes) => peaksOf(replica).held(atMs, bytes),
    killed(replica, atMs, requestedBytes) {
      peaksOf(replica).killed(atMs, requestedBytes)
      kills++
      lastKillMs = Math.max(lastKillMs, atMs)
    },
    confidenceDays,
    kills: () => ({ count: kills, lastAtMs: kills > 0 ? lastKillMs : undefined }),
    estimate(rule) {
      const bytes = createDecayingHistogram(MEMORY_BUCKETS, halfLifeMs, nowMs)
      for (const one of peaks.values())
        for (const peak of one.peaks()) bytes.add(peak.bytes, WEIGHT, peak.atMs)
      const days = confidenceDays()
      return {
        cpu: estimateOf(cores.percentile, days, rule, rule.least.cores),
        memory: estimateOf(bytes.percentile, days, rule, rule.least.bytes),
      }
    },
  }
}

/** undefined without history: a bound that is infinite, and one that is 0, say nothing. */
export function estimateOf(
  percentile: (share: number) => number | undefined,
  confidenceDays: number,
  { levels, margin }: Pick<SizingRule, 'levels' | 'margin'>,
  least: number,
): Estimate | undefined {
  const [lower, target, upper] = [levels.lower, levels.target, levels.upper].map(percentile)
  if (lower === undefined || target === undefined || upper === undefined) return undefined
  if (!(confidenceDays > 0)) return undefined
  const scaled = (used: number, { multiplier, exponent } = { multiplier: 0, exponent: 1 }) =>
    Math.max(least, used * (1 + margin) * (1 + multiplier / confidenceDays) ** exponent)
  return {
    lower: scaled(lower, LOWER_CONFIDENCE),
    target: scaled(target),
    upper: scaled(upper, UPPER_CONFIDENCE),
    isLeast: target * (1 + margin) <= least,
  }
}
