/**
 * Loads that are counts. A service with few requests has a load of 0, 1, 2, … requests a step and nothing in between:
 * multiples of a grain. Its quantiles are multiples too (the least one that carries the level's probability), and an
 * error says no more than in which cell of one grain's width it lies: cells, not points, are what calibration learns
 * from (randomised probability integral transform: Czado, Gneiting & Held 2009, §2; jittering of counts: Machado &
 * Santos Silva 2005).
 */

/** Values are taken for multiples when they are so to this share of the largest. */
const TOLERANCE = 1e-7
/** A load so far from a multiple, in grains, is none. */
const OFF_GRAIN = 1e-3
/** A grain smaller than this share of the mean load is none: nobody can tell such a load from a continuous one. */
const LEAST_SHARE = 1e-3
/** Two or three different loads have a common divisor whatever they are; unless the divisor itself came too. */
const LEAST_DIFFERENT = 5
const LEAST_DIFFERENT_WITH_ITSELF = 2
const GOLDEN = (Math.sqrt(5) - 1) / 2

/** The largest number of which all seen values are multiples; 0 when there is none worth speaking of. */
export function grainOf(values: Float64Array): number {
  const seen = values.filter((value) => value >= 0)
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length
  const most = seen.reduce((max, value) => Math.max(max, value), 0)
  const tolerance = TOLERANCE * most
  const least = Math.max(LEAST_SHARE * mean, 2 * tolerance)
  const loads = seen.filter((value) => value > tolerance)
  const different = new Set<number>()
  let grain = 0
  for (const load of loads) {
    if (different.size < LEAST_DIFFERENT) different.add(load)
    grain = commonDivisor(load, grain, tolerance)
    if (grain < least) return 0
  }
  const itself = loads.some((load) => load < 1.5 * grain)
  return different.size < (itself ? LEAST_DIFFERENT_WITH_ITSELF : LEAST_DIFFERENT) ? 0 : grain
}

/** Euclid's algorithm; remainders within `tolerance` are none. */
function commonDivisor(a: number, b: number, tolerance: number): number {
  let larger = a
  let smaller = b
  while (smaller > tolerance) {
    const times = Math.round(larger / smaller)
    const rest = Math.abs(larger - times * smaller)
    larger = smaller
    smaller = rest
  }
  return larger
}

/** The multiple of `grain` whose cell holds `value`; `value` itself for a load that is no count. */
export function toGrain(value: number, grain: number): number {
  const count = Math.round(value / grain)
  return grain > 0 && count <= Number.MAX_SAFE_INTEGER ? count * grain : value
}

/** Whether a load is no multiple of the grain that earlier ones had. NaN is nobody's exception. */
export function offGrain(value: number, grain: number): boolean {
  if (!(grain > 0) || Number.isNaN(value)) return false
  const count = value / grain
  return !(count <= Number.MAX_SAFE_INTEGER) || Math.abs(count - Math.round(count)) > OFF_GRAIN
}

/** Where in its cell the error of index `i` is taken to lie: −½ to ½, evenly spread over any stretch of indices. */
export function placeInCell(i: number): number {
  return ((i * GOLDEN) % 1) - 0.5
}
