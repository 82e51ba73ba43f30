/**
 * What a forecaster learns between fits, O(1) a step. Forecasts for the probes wait in rings until their load comes;
 * then
 *
 * - the members' discounted losses move, and with them the ensemble's weights;
 * - each level's offset is moved by quantile tracking: up by rate · level when the load came below it, down by
 *   rate · (1 − level) when above; so each level keeps its share in the long run whatever the load does
 *   (adaptive conformal inference, Gibbs & Candès 2021; quantile tracking, Angelopoulos et al. 2023, §2.1);
 * - the volatility follows the one-step error, which widens bands within a few steps.
 *
 * Drift is a load that keeps leaving the 99 % band that the backtest gave; while it is away, the path is shifted by how
 * far. The share of steps outside is averaged exponentially over the last eight observed ones. Above 0.3 (three outside
 * in a row) the path is shifted; drift begins above 0.5 (six in a row) and ends below 0.2.
 */
import { type Band, LEVELS, placeAmong, spreadOf } from './forecast.ts'
import { offGrain } from './grain.ts'
import { probesOf, strideOf } from './probes.ts'
import { followVolatility, type Unrest, unrestFactor, type Volatility } from './volatility.ts'

export interface Tracking {
  /** Offsets at the probes for a load as restless as usual; written in place. */
  band: Band
  readonly unrest: Unrest
  volatility: Volatility
  /** Width of the 90 % interval at each knot's probes at fitting time: the unit of the tracking's steps. */
  readonly units: Float64Array
  /** Offsets of the levels 0.01 and 0.99 one step ahead at each knot, at fitting time. */
  readonly alarm: Float64Array
  /** Discounted losses, cell `probe · members + member`. */
  readonly losses: Float64Array
  /** Share of a loss that is left a step later. */
  readonly decay: number
  /** Rings of forecasts that wait for their load, one after another, each of `entry` numbers an issue. */
  readonly waiting: Float64Array
  /** Steps since fitting. */
  issued: number
  outsideShare: number
  drifting: boolean
  /** Average of the newest errors: how far the load is from where the models have it. */
  away: number
}

const RATE = 0.02
const MOST_MOVE = 0.5
const OUTSIDE_MEMORY = 1 / 8
const SHIFT_BEGINS = 0.3
const DRIFT_BEGINS = 0.5
const DRIFT_ENDS = 0.2
const AWAY_GAIN = 0.4
/** What is left, a step later, of the belief that the load stays away. */
export const AWAY_DECAY = 0.98
const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)
const LEVEL_COUNT = LEVELS.length

export interface TrackedFit {
  readonly band: Band
  readonly unrest: Unrest
  readonly volatility: Volatility
  readonly losses: Float64Array
  readonly decay: number
}

export function startTracking(fit: TrackedFit): Tracking {
  const { horizonSteps, offsets, knots } = fit.band
  const probes = probesOf(horizonSteps)
  const rows = offsets.length / LEVEL_COUNT
  const members = fit.losses.length / probes.length
  const entries = probes.reduce((sum, probe) => sum + ringLength(probe), 0)
  return {
    band: { ...fit.band, offsets: offsets.slice() },
    unrest: fit.unrest,
    volatility: fit.volatility,
    units: Float64Array.from({ length: rows }, (_, row) => widthAt(offsets, row)),
    alarm: Float64Array.from({ length: 2 * knots.length }, (_, i) => {
      const nearest = (i >> 1) * probes.length * LEVEL_COUNT
      return offsets[i % 2 === 0 ? nearest : nearest + LEVEL_COUNT - 1]!
    }),
    losses: fit.losses.slice(),
    decay: fit.decay,
    waiting: new Float64Array(entries * (members + 2)),
    issued: 0,
    outsideShare: 0,
    drifting: false,
    away: 0,
  }
}

function widthAt(offsets: Float64Array, row: number): number {
  return offsets[row * LEVEL_COUNT + HIGH_90]! - offsets[row * LEVEL_COUNT + LOW_90]!
}

function ringLength(probe: number): number {
  return Math.floor(probe / strideOf(probe)) + 1
}

/** What the path is shifted by now: nothing, unless the load has left the band. */
export function shiftOf({ outsideShare, away }: Tracking): number {
  return outsideShare > SHIFT_BEGINS ? away : 0
}

/** Steps ahead that the next issue needs: up to the furthest probe whose turn it is. */
export function reachOf({ band, issued }: Tracking): number {
  const probes = probesOf(band.horizonSteps)
  for (let j = probes.length - 1; j > 0; j--)
    if (issued % strideOf(probes[j]!) === 0) return probes[j]! + 1
  return 1
}

/** Notes what was forecast just now. `paths`: the members', corrected; `point`: the ensemble's, as published. */
export function note(
  tracking: Tracking,
  paths: readonly (Float64Array | undefined)[],
  point: Float64Array,
): void {
  const { band, waiting, issued } = tracking
  const factor = unrestFactor(tracking.unrest, tracking.volatility)
  const entry = paths.length + 2
  let start = 0
  for (const probe of probesOf(band.horizonSteps)) {
    const stride = strideOf(probe)
    const length = ringLength(probe)
    if (issued % stride === 0) {
      const at = (start + ((issued / stride) % length)) * entry
      // a member without a path is taken to have missed by as much again
      for (let m = 0; m < paths.length; m++)
        waiting[at + m] = paths[m]?.[probe] ?? 2 * point[probe]! + 1
      waiting[at + paths.length] = point[probe]!
      waiting[at + paths.length + 1] = factor * spreadOf(band, point[probe]!)
    }
    start += length
  }
}

/** One step later. `expected` is what the ensemble foresaw for it, unshifted; `value` NaN: nothing seen. */
export function track(tracking: Tracking, expected: number, value: number): void {
  if (Number.isNaN(value)) tracking.away *= AWAY_DECAY
  else {
    const { band } = tracking
    if (offGrain(value, band.grain)) tracking.band = { ...band, grain: 0 }
    resolve(tracking, value)
    watch(tracking, expected, value)
  }
  tracking.issued++
}

/** Every forecast that was for this step is scored. */
function resolve(tracking: Tracking, value: number): void {
  const { band, waiting, issued, losses } = tracking
  const probes = probesOf(band.horizonSteps)
  const members = losses.length / probes.length
  const entry = members + 2
  let start = 0
  for (let j = 0; j < probes.length; j++) {
    const stride = strideOf(probes[j]!)
    const length = ringLength(probes[j]!)
    const since = issued - probes[j]!
    if (since >= 0 && since % stride === 0) {
      const at = (start + ((since / stride) % length)) * entry
      const kept = stride === 1 ? tracking.decay : tracking.decay ** stride
      for (let m = 0; m < members; m++) {
        const cell = j * members + m
        losses[cell] = kept * losses[cell]! + stride * Math.abs(value - waiting[at + m]!)
      }
      const point = waiting[at + members]!
      const scale = waiting[at + members + 1]!
      moveOffsets(tracking, j, {
        place: placeAmong(band.knots, point),
        residual: (value - point) / scale,
        cell: band.grain / scale,
        rate: Math.min(RATE, MOST_MOVE / (probes[j]! + 1)) * stride,
      })
    }
    start += length
  }
}

interface Miss {
  /** Of its point among the knots. */
  readonly place: number
  readonly residual: number
  /** Of counts the residual is somewhere in a cell around where it is seen, and counts in part when the offset is too. */
  readonly cell: number
  readonly rate: number
}

/** The offsets at both knots around the point learn, the nearer one more. */
function moveOffsets({ band, units }: Tracking, j: number, miss: Miss): void {
  const { offsets, knots } = band
  const { place, residual, cell, rate } = miss
  const probes = units.length / knots.length
  const knot = Math.floor(place)
  const above = place - knot
  const row = knot * probes + j
  const size = probes * LEVEL_COUNT
  for (let l = 0; l < LEVEL_COUNT; l++) {
    const at = row * LEVEL_COUNT + l
    const offset =
      above > 0 ? offsets[at]! + above * (offsets[at + size]! - offsets[at]!) : offsets[at]!
    const over = offset - residual
    const below = cell > 0 ? Math.min(Math.max(over / cell + 0.5, 0), 1) : Number(over > 0)
    const move = rate * (LEVELS[l]! - below)
    offsets[at]! += (1 - above) * move * units[row]!
    if (above > 0) offsets[at + size]! += above * move * units[row + probes]!
  }
}

/** The bands and the volatility's part of them, in order at every probe, for a forecast to keep. */
export function publishedBand({ band, unrest, volatility }: Tracking, wider: number): Band {
  const factor = wider * unrestFactor(unrest, volatility)
  const { offsets } = band
  const out = new Float64Array(offsets.length)
  const middle = LEVEL_COUNT >> 1
  for (let from = 0; from < offsets.length; from += LEVEL_COUNT) {
    let edge = factor * offsets[from + middle]!
    out[from + middle] = edge
    for (let l = middle + 1; l < LEVEL_COUNT; l++) {
      edge = Math.max(edge, factor * offsets[from + l]!)
      out[from + l] = edge
    }
    edge = out[from + middle]!
    for (let l = middle - 1; l >= 0; l--) {
      edge = Math.min(edge, factor * offsets[from + l]!)
      out[from + l] = edge
    }
  }
  return { ...band, offsets: out }
}

function watch(tracking: Tracking, expected: number, value: number): void {
  const { band, alarm } = tracking
  const miss = value - expected
  const spread = spreadOf(band, expected)
  const place = placeAmong(band.knots, expected)
  const at = 2 * Math.floor(place)
  const alarmAt = (side: 0 | 1): number => {
    const low = alarm[at + side]!
    return place % 1 === 0 ? low : low + (place % 1) * (alarm[at + 2 + side]! - low)
  }
  const tolerance = 1e-9 * (1 + expected)
  const outside =
    miss > spread * Math.max(alarmAt(1), 0) + tolerance ||
    miss < spread * Math.min(alarmAt(0), 0) - tolerance
  tracking.outsideShare += OUTSIDE_MEMORY * ((outside ? 1 : 0) - tracking.outsideShare)
  if (tracking.outsideShare > DRIFT_BEGINS) tracking.drifting = true
  else if (tracking.outsideShare < DRIFT_ENDS) tracking.drifting = false
  tracking.away += AWAY_GAIN * (miss - tracking.away)
  tracking.volatility = followVolatility(tracking.volatility, miss, spread)
}
