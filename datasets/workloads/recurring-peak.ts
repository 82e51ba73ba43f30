/** A low base and one steep, high peak at the same time every day: what predictive scaling is for. */
import { type DayShape, smoothStep, wander } from './shape.ts'

const BASE = 0.22
const PEAK_FROM = 0.5
const PEAK_TO = 0.66
/** Time that the load takes to climb to the peak, and to fall from it, in days. */
const EDGE = 0.025
const DAY_TO_DAY = 0.03
const WITHIN_DAY = 0.03

export const recurringPeak: DayShape = (moment) => {
  const { dayFraction } = moment
  const rise = smoothStep((dayFraction - PEAK_FROM) / EDGE)
  const fall = smoothStep((dayFraction - PEAK_TO) / EDGE)
  const variation =
    1 + DAY_TO_DAY * wander(moment, 'peak-day', 1) + WITHIN_DAY * wander(moment, 'peak-hour', 24)
  return Math.min(1.1, (BASE + (1 - BASE) * (rise - fall)) * variation)
}
