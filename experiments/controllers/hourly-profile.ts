/**
 * The hourly forecast that stands in for Amazon's, whose model is not published: a regression on the pattern of the day
 * and of the week.
 *
 *   load[h] = a[hour of day] + d[day of week] + c[hour of week] + noise
 *
 * a and d by least squares (Gauss and Seidel's backfitting), c is the mean of what they leave in its hour of the week,
 * shrunk by n/(n + 1) for its n observations. Days of the week enter once a whole week was seen. UTC; the pattern moves
 * with clocks only twice a year.
 */
const HOUR_MS = 3_600_000
const HOURS = 24
const DAYS = 7
const WEEK = HOURS * DAYS
const SWEEPS = 50

export interface HourlyLoad {
  /** Start of the first hour, a whole hour. */
  readonly startMs: number
  /** Mean load of each hour in requests/s; NaN: not known. */
  readonly values: readonly number[]
}

/** Forecast of the hour that begins at a time, requests/s ≥ 0; undefined with fewer than `leastHours` known hours. */
export function fitProfile(
  { startMs, values }: HourlyLoad,
  leastHours: number,
): ((hourMs: number) => number) | undefined {
  const first = Math.floor(startMs / HOUR_MS)
  const known = values
    .map((value, i) => ({ value, cell: weekHour(first + i) }))
    .filter(({ value }) => Number.isFinite(value))
  if (known.length < leastHours) return undefined
  const hours = new Float64Array(HOURS)
  const days = new Float64Array(DAYS)
  const withDays = known.length >= WEEK
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    fitFactor(
      hours,
      known,
      (cell) => cell % HOURS,
      (cell) => days[dayOf(cell)]!,
    )
    if (!withDays) break
    fitFactor(days, known, dayOf, (cell) => hours[cell % HOURS]!)
  }
  const rest = new Float64Array(WEEK)
  const seen = new Float64Array(WEEK)
  for (const { value, cell } of known) {
    rest[cell]! += value - hours[cell % HOURS]! - days[dayOf(cell)]!
    seen[cell]!++
  }
  return (hourMs) => {
    const cell = weekHour(Math.floor(hourMs / HOUR_MS))
    // Σ/n · n/(n + 1)
    const own = withDays ? rest[cell]! / (seen[cell]! + 1) : 0
    return Math.max(0, hours[cell % HOURS]! + days[dayOf(cell)]! + own)
  }
}

const dayOf = (cell: number): number => Math.floor(cell / HOURS)
const weekHour = (hour: number): number => ((hour % WEEK) + WEEK) % WEEK

/** Sets each level of one factor to the mean of what the other leaves. A level never seen takes the others' mean. */
function fitFactor(
  factor: Float64Array,
  known: readonly { readonly value: number; readonly cell: number }[],
  levelOf: (cell: number) => number,
  other: (cell: number) => number,
): void {
  const count = new Float64Array(factor.length)
  factor.fill(0)
  for (const { value, cell } of known) {
    factor[levelOf(cell)]! += value - other(cell)
    count[levelOf(cell)]!++
  }
  let sum = 0
  let levels = 0
  for (let i = 0; i < factor.length; i++) {
    if (count[i] === 0) continue
    factor[i]! /= count[i]!
    sum += factor[i]!
    levels++
  }
  for (let i = 0; i < factor.length; i++) if (count[i] === 0) factor[i] = sum / levels
}
