/** A working day: quiet at night, a morning and a higher evening peak; services peak at somewhat different hours. */
import { hashUnit } from '../random.ts'
import { bell, type DayShape, wander } from './shape.ts'

const NIGHT = 0.22
const MORNING = { centre: 0.42, width: 0.07, least: 0.35, most: 0.6 }
const EVENING = { centre: 0.8, width: 0.06, height: 0.74 }
/** Largest shift of a service's day, in days (0.04 is one hour of twenty-four). */
const SHIFT = 0.04
const DAY_TO_DAY = 0.04
const WITHIN_DAY = 0.03

export const weekday: DayShape = (moment) => {
  const { service, dayFraction } = moment
  const own = 2 * hashUnit('weekday-shift', service) - 1
  const lean = hashUnit('weekday-lean', service)
  const at = dayFraction + SHIFT * own
  const morning = MORNING.least + (MORNING.most - MORNING.least) * lean
  const day =
    NIGHT +
    morning * bell(at, MORNING.centre, MORNING.width) +
    EVENING.height * bell(at, EVENING.centre, EVENING.width) +
    0.16 * bell(at, 0.61, 0.12)
  const variation =
    1 +
    DAY_TO_DAY * wander(moment, 'weekday-day', 1) +
    WITHIN_DAY * wander(moment, 'weekday-hour', 24)
  return Math.min(1.1, Math.max(0, day * variation))
}
