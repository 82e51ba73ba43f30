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

/** The rounded corner of an edge: 0 up to 0, 1 from 1 on, without a kink between. */
export function smoothStep(x: number): number {
  const part = Math.min(1, Math.max(0, x))
  return part * part * (3 - 2 * part)
}

/** Something that began at a moment drawn by chance. */
export interface Happening {
  /** Days since it began, 0 or more. */
  readonly ageDays: number
  /** A number in [0, 1) that belongs to this happening and `label`. */
  draw(label: string): number
}

export interface HappeningOptions {
  /** A day has so many slots; in each at most one thing begins. */
  readonly slotsPerDay: number
  /** That it does begin in a slot. */
  readonly probability: number
  /** It is over after so many days. */
  readonly lastDays: number
}

/** What goes on at `moment`, the newest first. Begins are uniform within their slot and depend on names and seed alone. */
export function happenings(
  { service, seed, dayIndex, dayFraction }: Moment,
  name: string,
  { slotsPerDay, probability, lastDays }: HappeningOptions,
): Happening[] {
  const atSlots = (dayIndex + dayFraction) * slotsPerDay
  const newest = Math.floor(atSlots)
  const oldest = Math.floor(atSlots - lastDays * slotsPerDay)
  const found: Happening[] = []
  for (let slot = newest; slot >= oldest; slot--) {
    const draw = (label: string) => hashUnit(name, label, seed, service, slot)
    if (draw('happens') >= probability) continue
    const ageDays = (atSlots - slot - draw('begins')) / slotsPerDay
    if (ageDays >= 0 && ageDays < lastDays) found.push({ ageDays, draw })
  }
  return found
}
