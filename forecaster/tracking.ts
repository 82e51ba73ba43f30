/**
 * Calibration kept alive between fits, O(1) a step, in the spirit of adaptive conformal inference (Gibbs & Candès
 * 2021): the bands widen while the load falls outside the one-step 90 % interval more often than it should, and
 * narrow back while it does not. Drift is a load that keeps leaving its 99 % band.
 *
 * Rule of drift: the share of steps outside the one-step band between the 0.01 and 0.99 quantiles (uninflated), averaged
 * exponentially over the last eight observed steps, rises above a half (six outside in a row); it ends below a fifth.
 */
import { type Band, LEVELS, spreadOf } from './forecast.ts'

export interface Tracking {
  /** ≥ 1. */
  inflation: number
  outsideShare: number
  drifting: boolean
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
const DRIFT_BEGINS = 0.5
const DRIFT_ENDS = 0.2

export function freshTracking(): Tracking {
  return { inflation: 1, outsideShare: 0, drifting: false }
}

/** `expected` was forecast for the step that brought `value`; both finite. */
export function track(tracking: Tracking, band: Band, expected: number, value: number): void {
  const { offsets, horizonSteps } = band
  const spread = spreadOf(band, expected)
  const tolerance = 1e-9 * (1 + expected)
  const miss = value - expected
  const edge90 =
    spread * tracking.inflation * offsets[(miss > 0 ? HIGH_90 : LOW_90) * horizonSteps]!
  if (isOutside(miss, edge90, tolerance)) {
    const ratio = Math.abs(miss) / Math.max(Math.abs(edge90), tolerance)
    const severity = Math.min(ratio, MOST_SEVERITY)
    tracking.inflation = Math.min(MOST_INFLATION, tracking.inflation * (1 + WIDEN * severity))
  } else tracking.inflation = Math.max(1, tracking.inflation * NARROW)
  const edge99 = spread * offsets[(miss > 0 ? HIGH_99 : LOW_99) * horizonSteps]!
  const outside = isOutside(miss, edge99, tolerance) ? 1 : 0
  tracking.outsideShare += OUTSIDE_MEMORY * (outside - tracking.outsideShare)
  if (tracking.outsideShare > DRIFT_BEGINS) tracking.drifting = true
  else if (tracking.outsideShare < DRIFT_ENDS) tracking.drifting = false
}

/** `edge` is the interval's end on the side of the miss. */
function isOutside(miss: number, edge: number, tolerance: number): boolean {
  return miss > 0 ? miss > edge + tolerance : miss < edge - tolerance
}
