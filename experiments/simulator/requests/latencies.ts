/**
 * Latencies of one interval in buckets as an HDR histogram has them (Tene, HdrHistogram): 128 to each doubling, read from
 * the bits of the number, from a microsecond to more than an hour. A quantile is off by less than 0.8 %.
 */
const STEPS_A_DOUBLING = 128
/** 2⁻²⁰ s. */
const LEAST_EXPONENT = -20
const DOUBLINGS = 32
const BUCKETS = STEPS_A_DOUBLING * DOUBLINGS
/** Bits of the upper half of a double: sign, 11 of the exponent, 20 of the fraction. */
const SHIFT = 20 - Math.log2(STEPS_A_DOUBLING)
const FIRST = (1023 + LEAST_EXPONENT) * STEPS_A_DOUBLING

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)
double[0] = 1
const UPPER = halves[1] === 0x3ff00000 ? 1 : 0

export interface Latencies {
  readonly counts: Uint32Array
  total: number
  /** Buckets in use. */
  low: number
  high: number
}

export function createLatencies(): Latencies {
  return { counts: new Uint32Array(BUCKETS), total: 0, low: BUCKETS, high: -1 }
}

export function addLatency(latencies: Latencies, seconds: number): void {
  double[0] = seconds
  let bucket = (halves[UPPER]! >>> SHIFT) - FIRST
  if (bucket < 0) bucket = 0
  else if (bucket >= BUCKETS) bucket = BUCKETS - 1
  latencies.counts[bucket]!++
  latencies.total++
  if (bucket < latencies.low) latencies.low = bucket
  if (bucket > latencies.high) latencies.high = bucket
}

export function clearLatencies(latencies: Latencies): void {
  if (latencies.high >= latencies.low) latencies.counts.fill(0, latencies.low, latencies.high + 1)
  latencies.total = 0
  latencies.low = BUCKETS
  latencies.high = -1
}

/** Seconds; NaN of nothing. Linear within a bucket. */
export function latencyQuantile({ counts, total, low, high }: Latencies, level: number): number {
  const rank = level * total
  let below = 0
  for (let bucket = low; bucket <= high; bucket++) {
    const count = counts[bucket]!
    if (count > 0 && below + count >= rank) {
      const from = lowerEdge(bucket)
      return from + ((lowerEdge(bucket + 1) - from) * (rank - below)) / count
    }
    below += count
  }
  return Number.NaN
}

function lowerEdge(bucket: number): number {
  const doubling = Math.floor(bucket / STEPS_A_DOUBLING)
  const step = bucket % STEPS_A_DOUBLING
  return 2 ** (LEAST_EXPONENT + doubling) * (1 + step / STEPS_A_DOUBLING)
}
