/**
 * The shape of a season, learned from a few noisy ones: each step's typical distance from the season's level
 * (additive) or share of it (multiplicative), robust against outliers, older seasons weighing less, smoothed
 * across neighbouring steps (LOESS's idea, Cleveland et al. 1990, with a triangular kernel). How much less and
 * how smooth is what best foretells the newest season from the ones before it.
 */
import { fillGaps } from './seasonal-naive.ts'

export type SeasonKind = 'additive' | 'multiplicative'

const BANDWIDTHS = [0, 1, 2, 4, 8, 16, 32]
const DECAYS = [1, 0.6, 0.3]
const CLIP_DEVIATIONS = 4
const FRESH_SUM_STEPS = 256
/** No step of a season is taken for less than this share of the level: dividing by it must stay tame. */
export const LEAST_SHARE = 0.02

export function neutral(kind: SeasonKind): number {
  return kind === 'additive' ? 0 : 1
}

export function without(value: number, base: number, kind: SeasonKind): number {
  return kind === 'additive' ? value - base : value / base
}

/**
 * One value per step of the season; step `i % seasonSteps` belongs to `history[i]`. Additive shapes have
 * mean 0, multiplicative ones mean 1. Neutral when less than a season is known, or the level is not positive.
 */
export function seasonalProfile(
  history: Float64Array,
  seasonSteps: number,
  kind: SeasonKind,
): Float64Array {
  const seasons = Math.floor(history.length / seasonSteps)
  const flat = new Float64Array(seasonSteps).fill(neutral(kind))
  if (seasons < 1 || seasonSteps < 2) return flat
  let detrended = detrend(history, seasonSteps, kind, flat, median)
  if (!detrended) return flat
  const choice = chooseSmoothing(detrended, seasonSteps)
  const first = shapeOf(detrended, seasonSteps, choice)
  if (!first) return flat
  clipOutliers(detrended, first)
  const rough = shapeOf(detrended, seasonSteps, choice) ?? first
  detrended = detrend(history, seasonSteps, kind, rough, mean)
  if (!detrended) return flat
  clipOutliers(detrended, rough)
  const shape = shapeOf(detrended, seasonSteps, choice) ?? rough
  return normalize(shape, kind)
}

/** `history` without its slow level: the level of each season (aligned to the end), joined by straight lines. */
function detrend(
  history: Float64Array,
  seasonSteps: number,
  kind: SeasonKind,
  shape: Float64Array,
  middle: (values: Float64Array) => number,
): Float64Array | undefined {
  const seasons = Math.floor(history.length / seasonSteps)
  const start = history.length - seasons * seasonSteps
  const levels: { at: number; level: number }[] = []
  for (let s = 0; s < seasons; s++) {
    const from = start + s * seasonSteps
    const rest = history
      .slice(from, from + seasonSteps)
      .map((v, i) => without(v, shape[(from + i) % seasonSteps]!, kind))
      .filter((v) => !Number.isNaN(v))
    if (rest.length >= seasonSteps / 4)
      levels.push({ at: from + seasonSteps / 2, level: middle(rest) })
  }
  if (levels.length === 0) return undefined
  if (kind === 'multiplicative' && levels.some(({ level }) => level <= 1e-9)) return undefined
  const out = new Float64Array(history.length)
  let left = 0
  for (let i = 0; i < history.length; i++) {
    while (left + 1 < levels.length && levels[left + 1]!.at <= i) left++
    const a = levels[left]!
    const b = levels[Math.min(left + 1, levels.length - 1)]!
    const share = b.at > a.at ? Math.min(Math.max((i - a.at) / (b.at - a.at), 0), 1) : 0
    out[i] = without(history[i]!, a.level + share * (b.level - a.level), kind)
  }
  return out
}

interface Smoothing {
  readonly decay: number
  readonly bandwidth: number
}

function chooseSmoothing(detrended: Float64Array, seasonSteps: number): Smoothing {
  const seasons = Math.floor(detrended.length / seasonSteps)
  const widest = Math.max(1, seasonSteps / 12)
  const bandwidths = BANDWIDTHS.filter((b) => b <= widest)
  if (seasons < 2) return { decay: 1, bandwidth: leaveOneOut(detrended, seasonSteps, bandwidths) }
  let best: Smoothing = { decay: 1, bandwidth: 1 }
  let least = Number.POSITIVE_INFINITY
  const split = detrended.length - seasonSteps
  const past = detrended.subarray(0, split)
  for (const decay of seasons > 2 ? DECAYS : [1]) {
    const folded = foldSeasons(past, seasonSteps, decay)
    for (const bandwidth of bandwidths) {
      const shape = smoothed(folded, bandwidth)
      if (!shape) continue
      const loss = distance(detrended, split, shape)
      if (loss < least * 0.995) {
        least = loss
        best = { decay, bandwidth }
      }
    }
  }
  return best
}

/** With one season only: the smoothing that best tells each step from its neighbours alone. */
function leaveOneOut(
  detrended: Float64Array,
  seasonSteps: number,
  bandwidths: readonly number[],
): number {
  let best = 1
  let least = Number.POSITIVE_INFINITY
  const one = detrended.subarray(detrended.length - seasonSteps)
  const values = one.map((v) => (Number.isNaN(v) ? 0 : v))
  const counts = one.map((v) => (Number.isNaN(v) ? 0 : 1))
  for (const bandwidth of bandwidths) {
    if (bandwidth === 0) continue
    const own = kernelCentre(bandwidth)
    const sums = smoothCircular(values, bandwidth)
    const weights = smoothCircular(counts, bandwidth)
    let loss = 0
    for (let i = 0; i < one.length; i++) {
      const weight = weights[i]! - own
      if (counts[i] === 0 || weight < 1e-9) continue
      loss += Math.abs(one[i]! - (sums[i]! - own * values[i]!) / weight)
    }
    if (loss < least) {
      least = loss
      best = bandwidth
    }
  }
  return best
}

function distance(detrended: Float64Array, from: number, shape: Float64Array): number {
  let loss = 0
  for (let i = from; i < detrended.length; i++) {
    const miss = Math.abs(detrended[i]! - shape[i % shape.length]!)
    if (!Number.isNaN(miss)) loss += miss
  }
  return loss
}

/** Weighted mean of all seasons, smoothed; undefined when nothing was seen. */
function shapeOf(
  detrended: Float64Array,
  seasonSteps: number,
  { decay, bandwidth }: Smoothing,
): Float64Array | undefined {
  return smoothed(foldSeasons(detrended, seasonSteps, decay), bandwidth)
}

/** Weighted sums of the values that fell on each step of the season. */
interface Folded {
  readonly sums: Float64Array
  readonly weights: Float64Array
}

/** The newest season weighs 1, the one before `decay`, and so on. */
function foldSeasons(detrended: Float64Array, seasonSteps: number, decay: number): Folded {
  const sums = new Float64Array(seasonSteps)
  const weights = new Float64Array(seasonSteps)
  let weight = 1
  for (let end = detrended.length; end > 0; end -= seasonSteps) {
    for (let i = Math.max(0, end - seasonSteps); i < end; i++) {
      const value = detrended[i]!
      if (Number.isNaN(value)) continue
      sums[i % seasonSteps]! += weight * value
      weights[i % seasonSteps]! += weight
    }
    weight *= decay
  }
  return { sums, weights }
}

function smoothed({ sums, weights }: Folded, bandwidth: number): Float64Array | undefined {
  const smoothSums = smoothCircular(sums, bandwidth)
  const smoothWeights = smoothCircular(weights, bandwidth)
  const shape = smoothSums.map((sum, i) =>
    smoothWeights[i]! > 1e-9 ? sum / smoothWeights[i]! : Number.NaN,
  )
  return fillGaps(shape) ? shape : undefined
}

/** Pulls values that lie further than four robust deviations from the shape back to that distance. */
function clipOutliers(detrended: Float64Array, shape: Float64Array): void {
  const misses = detrended.map((v, i) => Math.abs(v - shape[i % shape.length]!))
  const known = misses.filter((v) => !Number.isNaN(v))
  const limit = CLIP_DEVIATIONS * 1.4826 * median(known)
  if (!(limit > 0)) return
  for (let i = 0; i < detrended.length; i++) {
    const at = shape[i % shape.length]!
    if (misses[i]! > limit) detrended[i] = at + Math.sign(detrended[i]! - at) * limit
  }
}

function normalize(shape: Float64Array, kind: SeasonKind): Float64Array {
  const centre = mean(shape)
  if (kind === 'additive') return shape.map((v) => v - centre)
  if (!(centre > 0)) return shape.fill(1)
  return shape.map((v) => Math.max(v / centre, LEAST_SHARE))
}

/** Box filter run twice: a triangular kernel that reaches `2·bandwidth` steps to both sides, ends joined. */
function smoothCircular(values: Float64Array, bandwidth: number): Float64Array {
  if (bandwidth === 0 || 2 * bandwidth + 1 > values.length) return values
  return boxCircular(boxCircular(values, bandwidth), bandwidth)
}

/** The weight with which a value enters its own smoothed value. */
function kernelCentre(bandwidth: number): number {
  return 1 / (2 * bandwidth + 1)
}

/** The window's sum is carried along; each turn starts it anew every so often, lest rounding adds up. */
function boxCircular(values: Float64Array, bandwidth: number): Float64Array {
  const n = values.length
  const width = 2 * bandwidth + 1
  const out = new Float64Array(n)
  let sum = 0
  for (let i = 0; i < n; i++) {
    if (i % FRESH_SUM_STEPS === 0) {
      sum = 0
      for (let j = -bandwidth; j <= bandwidth; j++) sum += values[(i + j + n) % n]!
    } else {
      const enters = i + bandwidth
      const leaves = i - bandwidth - 1
      sum += values[enters < n ? enters : enters - n]! - values[leaves < 0 ? leaves + n : leaves]!
    }
    out[i] = sum / width
  }
  return out
}

export function median(values: Float64Array): number {
  if (values.length === 0) return 0
  const sorted = values.slice().sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

export function mean(values: Float64Array): number {
  let sum = 0
  for (const v of values) sum += v
  return values.length === 0 ? 0 : sum / values.length
}
