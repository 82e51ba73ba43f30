/**
 * Does a pattern come back after so many steps? The series is gathered in at most `MOST_SLOTS` slots a season, its
 * moving level is taken out, and values one, two, … seasons apart are compared. Only pairs from different seasons are
 * multiplied, so the share of the variance that repeats is measured out of sample by construction. Red noise looks
 * like a season too, so significance is judged after AR(1) prewhitening (Box & Jenkins; von Storch 1999), with
 * Bartlett's (1946) variance for what whitening has left.
 */
export interface Repetition {
  /** Share of the variance (less the moving level) that comes back a season later; may be negative. */
  readonly share: number
  /** The variance itself, less the moving level. */
  readonly variance: number
  /** Standard errors by which the whitened repetition exceeds what AR(1) noise gives. */
  readonly significance: number
}

const MOST_SLOTS = 72
/** Of short seasons the newest ones tell enough. */
const MOST_VALUES = 4032
/** Seasons apart; the far ones tell a season from a tremor that soon forgets its phase. */
const MULTIPLES = [1, 2, 3, 5, 8, 13, 21, 34]
const BARTLETT_LAGS = 12
const LEAST_PAIRS = 4

const NONE: Repetition = { share: 0, variance: 0, significance: 0 }

/** Sums and counts of the known values before each step: means over any stretch cost the same. */
export interface RunningSums {
  readonly values: Float64Array
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** `values` may hold NaN. */
export function runningSums(values: Float64Array): RunningSums {
  const sums = new Float64Array(values.length + 1)
  const counts = new Float64Array(values.length + 1)
  for (let i = 0; i < values.length; i++) {
    const known = !Number.isNaN(values[i]!)
    sums[i + 1] = sums[i]! + (known ? values[i]! : 0)
    counts[i + 1] = counts[i]! + (known ? 1 : 0)
  }
  return { values, sums, counts }
}

/** At least two seasons are wanted, else nothing repeats. */
export function repetitionOf(history: RunningSums, seasonSteps: number): Repetition {
  if (history.values.length < 2 * seasonSteps) return NONE
  const slots = Math.min(seasonSteps, MOST_SLOTS)
  const rest = withoutLevel(gather(history, seasonSteps, slots), slots)
  const variance = meanProduct(rest, 0).mean
  if (!(variance > 0)) return NONE
  // the noise is what is left without the season, be there one or not: a smooth season is not taken for red noise
  const noise = withoutProfile(rest, slots)
  const noiseVariance = meanProduct(noise, 0).mean
  if (!(noiseVariance > 1e-12 * variance))
    return { share: 1, variance, significance: Number.POSITIVE_INFINITY }
  const phi = Math.min(Math.max(meanProduct(noise, 1).mean / noiseVariance, 0), 1)
  const white = whitened(rest, phi)
  const whiteVariance = meanProduct(white, 0).mean
  const plain = pooled(rest, slots)
  const pairs = pooled(white, slots)
  if (pairs.pairs < LEAST_PAIRS || !(whiteVariance > 0)) return NONE
  const error = Math.sqrt(bartlett(whitened(noise, phi), slots) / pairs.pairs)
  return {
    share: plain.mean / variance,
    variance,
    significance: pairs.mean / whiteVariance / error,
  }
}

function whitened(values: Float64Array, phi: number): Float64Array {
  return values.map((v, i) => (i === 0 ? Number.NaN : v - phi * values[i - 1]!))
}

/** Less the mean of each slot over all seasons. */
function withoutProfile(values: Float64Array, slots: number): Float64Array {
  const sums = new Float64Array(slots)
  const counts = new Float64Array(slots)
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]!)) continue
    sums[i % slots]! += values[i]!
    counts[i % slots]!++
  }
  return values.map((v, i) => v - sums[i % slots]! / counts[i % slots]!)
}

/** Means of the values in each slot, oldest first: slot `s + slots` is one season after `s`; the newest seasons. */
function gather({ values, sums, counts }: RunningSums, seasonSteps: number, slots: number) {
  const whole = Math.min(
    Math.floor((values.length * slots) / seasonSteps),
    Math.floor(MOST_VALUES / slots) * slots,
  )
  const end = values.length
  const start = end - Math.floor((whole * seasonSteps) / slots)
  return Float64Array.from({ length: whole }, (_, slot) => {
    const from = start + Math.floor((slot * seasonSteps) / slots)
    const to = Math.min(end, start + Math.floor(((slot + 1) * seasonSteps) / slots))
    return (sums[to]! - sums[from]!) / (counts[to]! - counts[from]!)
  })
}

/** Less the mean of the season around each slot; where no season is around, less the nearest one's, on its slope. */
function withoutLevel(series: Float64Array, slots: number): Float64Array {
  const level = movingMean(runningSums(series), slots)
  const first = level.findIndex((v) => !Number.isNaN(v))
  if (first < 0) return series.map(() => Number.NaN)
  const last = level.findLastIndex((v) => !Number.isNaN(v))
  const slope = last - first >= slots ? (level[last]! - level[first]!) / (last - first) : 0
  let known = level[first]!
  return series.map((v, i) => {
    if (i < first) return v - (level[first]! + slope * (i - first))
    if (i > last) return v - (level[last]! + slope * (i - last))
    if (!Number.isNaN(level[i]!)) known = level[i]!
    return v - known
  })
}

/** Centred over `width` slots, the outer two half each when even; NaN where the window leaves the series. */
export function movingMean({ values, sums, counts }: RunningSums, width: number): Float64Array {
  const n = values.length
  const half = width >> 1
  const even = width % 2 === 0 ? 1 : 0
  const out = new Float64Array(n).fill(Number.NaN)
  for (let i = half; i + half - even < n; i++) {
    const to = i + half + 1
    const ahead = Math.min(to, n)
    const count = counts[ahead]! - counts[i - half]! + counts[to - even]! - counts[i - half + even]!
    const sum = sums[ahead]! - sums[i - half]! + sums[to - even]! - sums[i - half + even]!
    if (count >= width / 2) out[i] = sum / count
  }
  return out
}

interface Product {
  readonly mean: number
  readonly pairs: number
}

function meanProduct(values: Float64Array, lag: number): Product {
  let sum = 0
  let pairs = 0
  for (let i = lag; i < values.length; i++) {
    const product = values[i]! * values[i - lag]!
    if (Number.isNaN(product)) continue
    sum += product
    pairs++
  }
  return { mean: pairs === 0 ? 0 : sum / pairs, pairs }
}

/** All multiples of the season that the series has room for, all pairs together. */
function pooled(values: Float64Array, slots: number): Product {
  let sum = 0
  let pairs = 0
  for (const times of MULTIPLES) {
    if (times * slots >= values.length) break
    const product = meanProduct(values, times * slots)
    sum += product.mean * product.pairs
    pairs += product.pairs
  }
  return { mean: pairs === 0 ? 0 : sum / pairs, pairs }
}

/** Σ ρ² over the near lags: by how much pairs that depend on each other widen the error. */
function bartlett(noise: Float64Array, slots: number): number {
  const variance = meanProduct(noise, 0).mean
  let sum = 1
  for (let lag = 1; lag <= Math.min(BARTLETT_LAGS, slots >> 1); lag++)
    sum += 2 * (meanProduct(noise, lag).mean / variance) ** 2
  return sum
}
