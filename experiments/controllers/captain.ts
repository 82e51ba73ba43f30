/**
 * Autothrottle's Captain: keeps the share of throttled periods at a target by moving one service's limit.
 *
 *   margin += throttled − target (≥ 0);  throttled > α·target: limit ·= 1 + throttled − α·target
 *   else: proposed = max usage + margin · sd of usage; taken when ≤ β_max·limit, no less than β_min·limit
 *   a scale-down that made throttled > α·target is rolled back, and as much again
 *
 * Source: Wang et al., "Autothrottle", NSDI 2024, §3.2; numbers from microsoft/autothrottle worker-daemon.py
 * (`CaptainScaler` @d237d7f): α = 3, β_max = 0.9, β_min = 0.5, margin from 3 on, 50 samples of usage.
 */
const ALPHA = 3
const BETA_MAX = 0.9
const BETA_MIN = 0.5

export interface Bounds {
  readonly minReplicas: number
  readonly maxReplicas: number
}

export interface Captain {
  /** The limit after one more period with `usage` and a share `throttled` of it throttled; inside `bounds`. */
  step(usage: number, throttled: number, target: number, bounds: Bounds): number
}

export interface CaptainStart {
  readonly limit: number
  /** Deviations of usage kept above its maximum until throttling says otherwise. */
  readonly margin: number
  /** Of usage that are remembered. */
  readonly samples: number
}

export function createCaptain({
  limit: firstLimit,
  margin: firstMargin,
  samples,
}: CaptainStart): Captain {
  const usages: number[] = []
  let limit = firstLimit
  let lastLimit = firstLimit
  let margin = firstMargin
  let wentDown = false
  return {
    step(usage, throttled, target, { minReplicas, maxReplicas }) {
      usages.push(usage)
      if (usages.length > samples) usages.shift()
      // beyond the bounds nothing would come of it but a wind-up
      limit = Math.min(maxReplicas, Math.max(minReplicas, limit))
      if (throttled > ALPHA * target && wentDown) {
        limit = 2 * lastLimit - limit
        margin += throttled - target
        wentDown = false
        return limit
      }
      lastLimit = limit
      margin = Math.max(0, margin + throttled - target)
      wentDown = false
      if (throttled > ALPHA * target) {
        limit *= 1 + throttled - ALPHA * target
        return limit
      }
      const proposed = Math.max(...usages) + margin * deviation(usages)
      if (proposed <= BETA_MAX * limit) {
        limit = Math.max(BETA_MIN * limit, proposed)
        wentDown = true
      }
      return limit
    },
  }
}

/** Of a sample; 0 of a single one. */
function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1))
}
