/**
 * From a backtest's errors to offsets: location and scale are taken probe by probe, the shape is pooled with the
 * neighbours', and the tails are the wider the fewer errors there are (error-quantiles.ts). Where the errors around high
 * points are others than around low ones (a load that is either idle or busy misses in another way from each), each knot
 * has a table of its own: class-conditional conformal prediction (Mondrian: Vovk, Gammerman & Shafer 2005, §4.5).
 */
import type { BacktestPlan } from './accuracy/backtest.ts'
import { quantilesOf } from './error-quantiles.ts'
import { LEVELS, placeAmong, spreadOf } from './forecast.ts'
import { placeInCell } from './grain.ts'
import type { Volatility } from './volatility.ts'

/** Of a backtest; cell `origin · probes + probe`. */
export interface Errors {
  readonly plan: BacktestPlan
  readonly points: Float64Array
  readonly actuals: Float64Array
  /** One step ahead, every step from `plan.trainSteps` on: error (NaN where nothing was seen) and what came. */
  readonly errors: Float64Array
  readonly loads: Float64Array
  /** Of the loads; 0: they are no counts. */
  readonly grain: number
}

/** What an error is divided by: the spread of its point, times the unrest at its issue time. */
export interface Scale {
  readonly power: number
  readonly spreadFloor: number
  readonly usual: number
  readonly volatility: Volatility
  /** One factor an issue time. */
  readonly factors: Float64Array
  readonly knots: Float64Array
  /** Whether probe `j` has offsets of its own around each knot. */
  readonly apart: (j: number) => boolean
}

export type Around = Pick<Scale, 'knots' | 'apart'>
/** One table for all points. */
export const EVERYWHERE: Around = { knots: Float64Array.of(0), apart: () => false }

/** Fewer errors a probe than this around a knot give no table of its own; nor do fewer events than that. */
const LEAST_AROUND = 20
const POOL_PROBES = 2
/** Fewer errors than this say nothing of a step: the step before stands in. */
const LEAST_ERRORS = 3

/** Offsets as in a band, from the errors of the issue times that `include` names. */
export function offsetTable(
  errors: Errors,
  scale: Scale,
  include: (origin: number) => boolean,
): Float64Array {
  const { knots, apart } = scale
  const all = offsetsAround(errors, scale, include, () => true)
  if (knots.length === 1) return all
  const { points, plan } = errors
  const table = new Float64Array(knots.length * all.length)
  for (let knot = 0; knot < knots.length; knot++) {
    const near = (point: number): boolean => Math.round(placeAmong(knots, point)) === knot
    const enough = points.filter(near).length >= LEAST_AROUND * plan.probes.length
    const own = enough ? offsetsAround(errors, scale, include, near) : all
    for (let j = 0; j < plan.probes.length; j++) {
      const from = j * LEVELS.length
      const row = (apart(j) ? own : all).subarray(from, from + LEVELS.length)
      table.set(row, knot * all.length + from)
    }
  }
  return table
}

/** `probe · levels + level`. */
function offsetsAround(
  errors: Errors,
  scale: Scale,
  include: (origin: number) => boolean,
  near: (point: number) => boolean,
): Float64Array {
  const { probes, origins } = errors.plan
  const columns = probes.map((_, j) => {
    const column: number[] = []
    for (let o = 0; o < origins.length; o++) {
      const cell = o * probes.length + j
      const point = errors.points[cell]!
      const error = errors.actuals[cell]! - point + errors.grain * placeInCell(o)
      if (!Number.isNaN(error) && include(o) && near(point))
        column.push(error / (spreadOf(scale, point) * scale.factors[o]!))
    }
    return Float64Array.from(column).sort()
  })
  const centres = columns.map(middleOf)
  const scales = columns.map((column, j) =>
    column.length < LEAST_ERRORS ? Number.NaN : meanDistance(column, centres[j]!),
  )
  fillFromBefore(centres, scales, probes)
  const location = smooth(centres)
  const widths = smooth(scales)
  const table = new Float64Array(LEVELS.length * probes.length)
  for (let j = 0; j < probes.length; j++) {
    const source = lastSeen(columns, j)
    const pool: number[] = []
    const to = Math.min(probes.length - 1, source + POOL_PROBES)
    for (let i = Math.max(0, source - POOL_PROBES); i <= to; i++) {
      if (scales[i]! <= 0) continue
      for (const error of columns[i]!) pool.push((error - centres[i]!) / scales[i]!)
    }
    const shape = quantilesOf(Float64Array.from(pool).sort(), columns[source]!.length)
    for (let l = 0; l < LEVELS.length; l++)
      table[j * LEVELS.length + l] = location[j]! + widths[j]! * shape[l]!
  }
  return table
}

/** The nearest probe up to `j` at which enough came. */
function lastSeen(columns: readonly Float64Array[], j: number): number {
  let source = j
  while (source > 0 && columns[source]!.length < LEAST_ERRORS) source--
  return source
}

function middleOf(sorted: Float64Array): number {
  if (sorted.length === 0) return Number.NaN
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Mean distance of a further error from the centre of these. */
function meanDistance(values: Float64Array, centre: number): number {
  let sum = 0
  for (const value of values) sum += Math.abs(value - centre)
  const n = values.length
  // errors lie nearer to their own median than the next one will
  return (sum / n) * Math.sqrt((n + 1) / (n - 1))
}

/** Steps further ahead than any error was seen: the last known scale, growing with the root of the steps. */
function fillFromBefore(centres: number[], scales: number[], probes: readonly number[]): void {
  for (let j = 0; j < probes.length; j++) {
    if (!Number.isNaN(scales[j]!)) continue
    const before = j - 1
    centres[j] = before < 0 ? 0 : centres[before]!
    scales[j] =
      before < 0 ? 0 : scales[before]! * Math.sqrt((probes[j]! + 1) / (probes[before]! + 1))
  }
}

function smooth(values: readonly number[]): number[] {
  return values.map((v, j) => {
    if (j === 0) return v
    return 0.25 * values[j - 1]! + 0.5 * v + 0.25 * (values[j + 1] ?? v)
  })
}

/**
 * Forecasts issued within one horizon miss for the same reasons: the errors of a far probe count for as many as the
 * horizon fits into the backtest, and what is learned from so few is widened as a mean of so few would be.
 */
export function widened(offset: number, probe: number, { origins }: BacktestPlan): number {
  const span = origins.at(-1)! - origins[0]! + 1
  const independent = Math.max(1, Math.min(origins.length, span / (probe + 1)))
  return offset * Math.sqrt(1 + 1 / independent)
}
