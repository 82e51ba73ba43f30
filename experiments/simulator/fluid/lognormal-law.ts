/**
 * The log-normal law of mean 1, alone and after an exponential wait. The sum of the two has no closed form: it is worked out
 * on bins of the service time and tabled, rows for waits being made when they are first needed.
 */
import { normalQuantile } from '../../../forecaster/normal-quantile.ts'
import { normalCdf } from './normal.ts'
import type { UnitLaw } from './response-law.ts'

/** Probabilities between bins: finer in the tail, where the SLO is. */
const EDGES = [
  0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.97, 0.985, 0.993, 0.997, 0.999, 1,
]
const BINS = EDGES.length - 1

const COLUMNS = 320
const MOST_STEP = 1 / 16
/** Rows an octave of the wait, which runs from 1/128 to 128 service times. */
const ROWS_PER_OCTAVE = 8
const OCTAVES = 7
/** ln of what counts as never. */
const IMPOSSIBLE = -80

export function lognormalLaw(cv: number): UnitLaw {
  const sigma = Math.sqrt(Math.log(1 + cv * cv))
  const exactTail = (x: number): number =>
    x <= 0 ? 1 : normalCdf(-(Math.log(x) / sigma + sigma / 2))
  const step = Math.min(MOST_STEP, cv / 8)
  const last = step * (COLUMNS - 2)
  const lastTail = exactTail(last)
  const means = binMeans(sigma)
  const row = (tail: (x: number) => number): Float64Array =>
    Float64Array.from({ length: COLUMNS }, (_, column) =>
      Math.max(IMPOSSIBLE, Math.log(tail(column * step))),
    )
  const alone = row(exactTail)
  const rows = new Map<number, Float64Array>()
  const rowAt = (at: number): Float64Array => {
    let found = rows.get(at)
    if (found === undefined) {
      const wait = 2 ** (at / ROWS_PER_OCTAVE)
      found = row((x) => exactTail(x) + lateByWait(means, 1 - exactTail(x), wait, x))
      rows.set(at, found)
    }
    return found
  }
  return {
    cv,
    tail: (x) => (x <= 0 ? 1 : x >= last ? exactTail(x) : Math.exp(between(alone, x / step))),
    tailAfterWait(x, wait) {
      if (x <= 0) return 1
      const at = Math.log2(wait) * ROWS_PER_OCTAVE
      if (at <= -OCTAVES * ROWS_PER_OCTAVE) return exactTail(x)
      if (at >= OCTAVES * ROWS_PER_OCTAVE) return x <= 1 ? 1 : Math.exp((1 - x) / wait)
      const lower = Math.floor(at)
      const within = Math.min(x, last) / step
      const low = between(rowAt(lower), within)
      const high = between(rowAt(lower + 1), within)
      const tabled = Math.exp(low + (high - low) * (at - lower))
      if (x <= last) return tabled
      // beyond the table: longer services, or those that ended in it, with a wait that has no memory
      return exactTail(x) + Math.max(0, tabled - lastTail) * Math.exp((last - x) / wait)
    },
  }
}

function between(row: Float64Array, at: number): number {
  const column = at | 0
  const low = row[column]!
  return low + (row[column + 1]! - low) * (at - column)
}

/** P(service < left and wait > left − service), `inTime` being P(service < left). */
function lateByWait(means: Float64Array, inTime: number, wait: number, left: number): number {
  let sum = 0
  for (let bin = 0; bin < BINS; bin++) {
    const low = EDGES[bin]!
    if (low >= inTime) break
    const share = Math.min(EDGES[bin + 1]!, inTime) - low
    sum += share * Math.exp((Math.min(left, means[bin]!) - left) / wait)
  }
  return sum
}

/** Mean of each bin: the partial expectation of a log-normal of mean 1 up to quantile p is Φ(Φ⁻¹(p) − σ). */
function binMeans(sigma: number): Float64Array {
  const partial = (p: number): number =>
    p <= 0 ? 0 : p >= 1 ? 1 : normalCdf(normalQuantile(p) - sigma)
  return Float64Array.from(
    { length: BINS },
    (_, bin) => (partial(EDGES[bin + 1]!) - partial(EDGES[bin]!)) / (EDGES[bin + 1]! - EDGES[bin]!),
  )
}
