/**
 * Calibration kept alive between fits, O(1) a step, in the spirit of adaptive conformal inference (Gibbs & Candès
 * 2021): the bands widen while the load falls outside the one-step 90 % interval more often than it should, and
 * narrow back while it does not. Drift is a load that keeps leaving the model's 99 % band; while it is away, the
 * whole path is shifted by how far.
 *
 * Rule: the share of steps outside the model's one-step band between the 0.01 and 0.99 quantiles (uninflated, unshifted) is
 * averaged exponentially over the last eight observed steps. Above 0.3 (three outside in a row) the path is shifted;
 * drift begins above 0.5 (six in a row) and ends below 0.2.
 */
import { type Band, LEVELS, spreadOf } from './forecast.ts'

export interface Tracking {
  /** ≥ 1. */
  inflation: number
  outsideShare: number
  drifting: boolean
  /** Average of the newest errors: how far the load is from where the model has it. */
  away: number
}

const LOW_90 = LEVELS.indexOf(0.05)
const HIGH_90 = LEVELS.indexOf(0.95)
const LOW_99 = LEVELS.indexOf(0.01)
const HIGH_99 = LEVELS.indexOf(0.99)
/** Steady when about a sixth falls outside: with an honest tenth the inflation rests near 1. */
const NARROW = Math.exp(-0.02)
const WIDEN = 0.09
const MOST_SEVERITY = 4
const MOST_INFLATION = 4
const OUTSIDE_MEMORY = 1 / 8
const SHIFT_BEGINS = 0.3
const DRIFT_BEGINS = 0.5
const DRIFT_ENDS = 0.2
const AWAY_GAIN = 0.4
/** What is left, a step later, of the belief that the load stays away. */
export const AWAY_DECAY = 0.98

export function freshTracking(): Tracking {
  return { inflation: 1, outsideShare: 0, drifting: false, away: 0 }
}

/** What the path is shifted by now: nothing, unless the load has left the band. */
export function shiftOf({ outsideShare, away }: Tracking): number {
  return outsideShare > SHIFT_BEGINS ? away : 0
}

/** `expected` is what the model foresaw for the step that brought `value`, unshifted; both finite. */
export function track(tracking: Tracking, band: Band, expected: number, value: number): void {
  const { offsets, horizonSteps } = band
  const published = Math.max(0, expected + AWAY_DECAY * shiftOf(tracking))
  const offset90 = offsets[(value > published ? HIGH_90 : LOW_90) * horizonSteps]!
  const edge90 = spreadOf(band, published) * tracking.inflation * offset90
  const excess = timesOutside(published, edge90, value)
  tracking.inflation =
    excess > 1
      ? Math.min(MOST_INFLATION, tracking.inflation * (1 + WIDEN * Math.min(excess, MOST_SEVERITY)))
      : Math.max(1, tracking.inflation * NARROW)
  const offset99 = offsets[(value > expected ? HIGH_99 : LOW_99) * horizonSteps]!
  const outside = timesOutside(expected, spreadOf(band, expected) * offset99, value) > 1 ? 1 : 0
  tracking.outsideShare += OUTSIDE_MEMORY * (outside - tracking.outsideShare)
  if (tracking.outsideShare > DRIFT_BEGINS) tracking.drifting = true
  else if (tracking.outsideShare < DRIFT_ENDS) tracking.drifting = false
  tracking.away += AWAY_GAIN * (value - expected - tracking.away)
}

/** An unseen step: the load is believed a little less to be away. */
export function trackUnseen(tracking: Tracking): void {
  tracking.away *= AWAY_DECAY
}

/** How many times further than the interval's edge on its side the value lies; at most 1 inside. */
function timesOutside(expected: number, edge: number, value: number): number {
  const miss = value - expected
  const tolerance = 1e-9 * (1 + expected)
  const isOutside = miss > 0 ? miss > edge + tolerance : miss < edge - tolerance
  return isOutside
    ? Math.max(Math.abs(miss) / Math.max(Math.abs(edge), tolerance), 1 + tolerance)
    : 1
}
