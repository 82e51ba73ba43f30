/** The day turned over: batch work from late evening to early morning, in waves of jobs, and little by day. Synthetic. */
import { type DayShape, smoothStep, wander } from './shape.ts'

const BY_DAY = 0.1
const BY_NIGHT = 0.75
/** From 22:00 to 5:00, an hour for each edge. */
const FROM = 22 / 24
const TO = 5 / 24
const EDGE = 1 / 24
/** A wave of jobs each half an hour, and how much of the night's load comes in it. */
const WAVES_A_DAY = 48
const IN_WAVES = 0.15

export const nightCycle: DayShape = (moment) => {
  const { dayFraction } = moment
  // hours counted from noon, so that the night is one piece
  const fromNoon = (dayFraction + 0.5) % 1
  const night =
    smoothStep((fromNoon - (FROM - 0.5)) / EDGE) - smoothStep((fromNoon - (TO + 0.5)) / EDGE)
  const jobs = 1 + IN_WAVES * Math.sin(2 * Math.PI * WAVES_A_DAY * dayFraction)
  const variation = 1 + 0.05 * wander(moment, 'night-hour', 24)
  return (BY_DAY + (BY_NIGHT - BY_DAY) * night * jobs) * variation
}
