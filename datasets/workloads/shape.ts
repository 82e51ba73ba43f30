/** What every synthetic workload is: the share of the peak load at a moment of a day, and tools to draw it. */
import { hashUnit } from '../random.ts'

export interface Moment {
  readonly service: string
  /** Time of day in [0, 1). */
  readonly dayFraction: number
  readonly dayIndex: number
  readonly seed: number
}

/** Share of the service's peak load, in [0, 1.1]. */
export type DayShape = (moment: Moment) => number

/** A bell around `centre` whose tails wrap around midnight; `width` is its standard deviation, in days. */
export function bell(dayFraction: number, centre: number, width: number): number {
  const distance = Math.abs(dayFraction - centre) % 1
  const nearest = Math.min(distance, 1 - distance)
  return Math.exp(-0.5 * (nearest / width) ** 2)
}

/**
 * Slow wander in [-1, 1] that never jumps: values drawn at `knotsPerDay` knots, joined by a smooth step. Knots are
 * counted through all days, so that midnight is no edge.
 */
export function wander(moment: Moment, name: string, knotsPerDay: number): number {
  const at = (moment.dayIndex + moment.dayFraction) * knotsPerDay
  const knot = Math.floor(at)
  const part = at - knot
  const smooth = part * part * (3 - 2 * part)
  const value = (k: number) => 2 * hashUnit(name, moment.seed, moment.service, k) - 1
  return value(knot) * (1 - smooth) + value(knot + 1) * smooth
}
