/** One smooth wave a day: least in the small hours, most in the afternoon. Synthetic. */
import { type DayShape, wander } from './shape.ts'

const MIDDLE = 0.56
const SWING = 0.4
/** Time of the most load, in days: 15:00. */
const PEAK_AT = 0.625
const WITHIN_DAY = 0.03

export const diurnal: DayShape = (moment) =>
  wave(moment.dayFraction) * (1 + WITHIN_DAY * wander(moment, 'diurnal-hour', 24))

/** The wave alone, between 0.16 and 0.96: what several workloads lay their own trouble over. */
export function wave(dayFraction: number): number {
  return MIDDLE + SWING * Math.cos(2 * Math.PI * (dayFraction - PEAK_AT))
}
