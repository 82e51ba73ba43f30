/**
 * Weights of covariates in one regression: ridge (Hoerl & Kennard 1970) against outliers (Huber 1964, by reweighting) of
 * what level and seasons leave of the load, column after column until nothing moves (backfitting).
 */
import type { Covariate, Effect } from './effects.ts'
import { adjustForSeasons, deviationOf } from './season-adjusted.ts'

/** A covariate as far as it was seen. */
export interface Column {
  readonly covariate: Covariate
  /** x at every step of the history. */
  readonly x: Float64Array
  /** Steps on which x ≠ 0. */
  readonly on: Int32Array
  /** Times that an event came: [from, to). */
  readonly runs: readonly (readonly [number, number])[]
  readonly shape: Pick<Effect, 'kind' | 'most' | 'usual' | 'scale' | 'newest'>
}

export interface Estimate {
  readonly columns: readonly Column[]
  /** One a column. */
  readonly weights: Float64Array
  /** What level and seasons leave, effects included; NaN: not known. */
  readonly rest: Float64Array
  readonly deviation: number
  /** Level and seasons of the step `k` after the end. */
  ahead(k: number): number
}

/** A series' x beyond this many deviations says no more than at them. */
const MOST_SERIES = 4
const HUBER = 1.345
const SWEEPS = 30
const PASSES = 3

/** The covariate seen up to `upTo`; undefined when it never moved. */
export function columnOf(
  covariate: Covariate,
  upTo: number,
  seasons: readonly number[],
): Column | undefined {
  const seen = covariate.values.slice(0, upTo)
  const column = covariate.kind === 'event' ? eventColumn(seen) : seriesColumn(seen, seasons)
  if (!column) return undefined
  const on = Int32Array.from(column.x.keys()).filter((t) => column.x[t] !== 0)
  return { covariate, ...column, on, runs: runsOf(on) }
}

type Shaped = Pick<Column, 'x' | 'shape'> | undefined

function eventColumn(seen: Float64Array): Shaped {
  const x = seen.map((v) => (Number.isFinite(v) ? v : 0))
  const most = x.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0)
  if (most === 0) return undefined
  const shape = { kind: 'event', most, usual: new Float64Array(1), scale: 1, newest: 0 } as const
  return { x, shape }
}

function seriesColumn(seen: Float64Array, seasons: readonly number[]): Shaped {
  const season = seasons.findLast((steps) => 2 * steps <= seen.length) ?? 1
  const usual = meansOf(seen, season)
  const away = seen.map((v, t) => v - usual[t % season]!)
  const scale = deviationOf(away)
  if (!(scale > 0)) return undefined
  let newest = 0
  const x = away.map((v) => {
    if (!Number.isNaN(v)) newest = Math.min(Math.max(v / scale, -MOST_SERIES), MOST_SERIES)
    return newest
  })
  return { x, shape: { kind: 'series', most: MOST_SERIES, usual, scale, newest } }
}

/** Mean of each step of the season; of all, where that step was never seen. */
function meansOf(values: Float64Array, season: number): Float64Array {
  const sums = new Float64Array(season)
  const counts = new Float64Array(season)
  values.forEach((v, t) => {
    if (Number.isNaN(v)) return
    sums[t % season]! += v
    counts[t % season]!++
  })
  const total = counts.reduce((sum, count) => sum + count, 0)
  const mean = total > 0 ? sums.reduce((sum, v) => sum + v, 0) / total : 0
  return sums.map((sum, i) => (counts[i]! > 0 ? sum / counts[i]! : mean))
}

function runsOf(on: Int32Array): [number, number][] {
  const runs: [number, number][] = []
  for (const t of on) {
    const last = runs.at(-1)
    if (last?.[1] === t) last[1] = t + 1
    else runs.push([t, t + 1])
  }
  return runs
}

/** `values`: the load on the scale on which effects add up. `prior`: the standard deviation that effects are expected to have. */
export function estimate(
  values: Float64Array,
  columns: readonly Column[],
  seasons: readonly number[],
  prior: number,
): Estimate {
  const events = columns.filter(({ shape }) => shape.kind === 'event')
  const isOn = new Uint8Array(values.length)
  for (const { on } of events) for (const t of on) isOn[t] = 1
  const widest = events.reduce((most, column) => Math.max(most, longestOf(column)), 1)
  const weights = new Float64Array(columns.length)
  const passes = events.length === columns.length ? 1 : PASSES
  let rest = values
  let deviation = 0
  let ahead: Estimate['ahead'] = () => 0
  for (let pass = 0; pass < passes; pass++) {
    // events are left out of level and seasons; what series do is taken out before these are learned
    const measured = seriesEffect(columns, weights, values.length)
    const adjusted = adjustForSeasons(
      values.map((v, t) => v - measured[t]!),
      isOn,
      seasons,
      widest,
    )
    rest = adjusted.rest.map((v, t) => v + measured[t]!)
    deviation = deviationOf(adjusted.rest.filter((_, t) => !isOn[t]))
    ahead = adjusted.ahead
    backfit(rest, columns, weights, deviation, prior)
  }
  return { columns, weights, rest, deviation, ahead }
}

export function longestOf({ runs, shape }: Column): number {
  if (shape.kind === 'series') return 1
  return runs.reduce((most, [from, to]) => Math.max(most, to - from), 1)
}

function seriesEffect(
  columns: readonly Column[],
  weights: Float64Array,
  steps: number,
): Float64Array {
  const out = new Float64Array(steps)
  columns.forEach(({ x, on, shape }, c) => {
    if (shape.kind === 'series') for (const t of on) out[t]! += weights[c]! * x[t]!
  })
  return out
}

/** Writes `weights`. */
function backfit(
  rest: Float64Array,
  columns: readonly Column[],
  weights: Float64Array,
  deviation: number,
  prior: number,
): void {
  const left = rest.slice()
  columns.forEach(({ x, on }, c) => {
    for (const t of on) left[t]! -= weights[c]! * x[t]!
  })
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0
    columns.forEach((column, c) => {
      const { x, on, shape } = column
      // steps of one event err alike: an event counts about as one step does
      const penalty = longestOf(column) * (deviation * (shape.most / prior)) ** 2
      const next = weightOf(column, left, weights[c]!, penalty, HUBER * deviation)
      const change = next - weights[c]!
      for (const t of on) left[t]! -= change * x[t]!
      weights[c] = next
      moved = Math.max(moved, Math.abs(change) * shape.most)
    })
    if (moved <= 1e-6 * prior) break
  }
}

function weightOf(
  { x, on }: Column,
  left: Float64Array,
  weight: number,
  penalty: number,
  limit: number,
): number {
  let above = 0
  let below = penalty
  for (const t of on) {
    const miss = left[t]!
    if (Number.isNaN(miss)) continue
    const trust = Math.abs(miss) <= limit || limit === 0 ? 1 : limit / Math.abs(miss)
    above += trust * x[t]! * (miss + weight * x[t]!)
    below += trust * x[t]! ** 2
  }
  return below > 0 ? above / below : 0
}
