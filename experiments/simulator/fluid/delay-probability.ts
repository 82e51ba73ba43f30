/**
 * Erlang's formula C as a table over utilization, one a number of places: the probability that an arrival has to wait. The
 * simulation asks for it several times a step, and the recursion behind it takes as many operations as there are places.
 */
import { normalCdf } from './normal.ts'

const CELLS = 128
/** Up to here by the exact recursion; above, the error of the expansion is below 0.1 %. */
const EXACT_PLACES = 256
/** ln of what counts as never. */
const NEVER = -80

/** ln of the probability at utilizations 0, 1/128 … 1. */
export type DelayTable = Float64Array

const tables = new Map<number, DelayTable>()

export function delayTable(places: number): DelayTable {
  let table = tables.get(places)
  if (table === undefined) {
    table = Float64Array.from({ length: CELLS + 1 }, (_, cell) =>
      Math.max(NEVER, Math.log(delayProbability(places, cell / CELLS))),
    )
    tables.set(places, table)
  }
  return table
}

/** Erlang C of `places` servers at `utilization`, interpolated geometrically; 1 at saturation. */
export function lookUp(table: DelayTable, utilization: number): number {
  if (utilization >= 1) return 1
  const at = utilization * CELLS
  const cell = at | 0
  const low = table[cell]!
  const ln = low + (table[cell + 1]! - low) * (at - cell)
  return ln <= NEVER ? 0 : Math.exp(ln)
}

/** d ln / d utilization where `lookUp` interpolates. */
export function slopeAt(table: DelayTable, utilization: number): number {
  const cell = Math.min(CELLS - 1, (utilization * CELLS) | 0)
  return (table[cell + 1]! - table[cell]!) * CELLS
}

/**
 * Exact for few places, by 1/B(n) = 1 + (n/a)·1/B(n−1); for many by the expansion of A. Janssen, J. van Leeuwaarden and
 * B. Zwart, "Gaussian expansions and bounds for the Poisson distribution applied to the Erlang B formula" (2008), §4.
 */
export function delayProbability(places: number, utilization: number): number {
  if (utilization <= 0) return 0
  if (utilization >= 1) return 1
  const inverse =
    places <= EXACT_PLACES
      ? inverseBlocking(places, utilization)
      : expandedInverseBlocking(places, utilization)
  return 1 / (utilization + (1 - utilization) * inverse)
}

function inverseBlocking(places: number, utilization: number): number {
  const offered = places * utilization
  let inverse = 1
  for (let n = 1; n <= places; n++) inverse = 1 + (n / offered) * inverse
  return inverse
}

function expandedInverseBlocking(places: number, utilization: number): number {
  const alpha = Math.sqrt(-2 * places * (1 - utilization + Math.log(utilization)))
  const density = Math.exp(-0.5 * alpha * alpha) / Math.sqrt(2 * Math.PI)
  const root = Math.sqrt(places)
  const mills = normalCdf(alpha) / density
  return root * (mills + 2 / (3 * root) + 1 / (density * (12 * places + 1)))
}
