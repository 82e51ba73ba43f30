/** A wave a day whose height follows the week: working days high, Saturday and Sunday low. Day 0 is a Monday. Synthetic. */
import { wave } from './diurnal.ts'
import { type DayShape, smoothStep, wander } from './shape.ts'

/** Monday first. */
const WEEK = [0.95, 1, 1, 0.98, 0.9, 0.5, 0.42] as const
/** From the last and into the first part of a day one day's height becomes the next one's, in days. */
const TURN = 0.08
const WITHIN_DAY = 0.03

export const weekly: DayShape = (moment) =>
  wave(moment.dayFraction) *
  height(moment.dayIndex, moment.dayFraction) *
  (1 + WITHIN_DAY * wander(moment, 'weekly-hour', 24))

function height(dayIndex: number, dayFraction: number): number {
  const of = (day: number) => WEEK[((day % 7) + 7) % 7]!
  const morning = dayFraction < 0.5
  const before = morning ? of(dayIndex - 1) : of(dayIndex)
  const after = morning ? of(dayIndex) : of(dayIndex + 1)
  const sinceMidnight = morning ? dayFraction : dayFraction - 1
  const part = smoothStep((sinceMidnight / TURN + 1) / 2)
  return before + (after - before) * part
}
