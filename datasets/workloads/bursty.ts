/**
 * Little load, and many short bursts of any height at times that nobody can foresee: batches, cron jobs of others,
 * fan-out. Synthetic.
 */
import { type DayShape, happenings, smoothStep, wander } from './shape.ts'

const BASE = 0.08
/** About one every three quarters of an hour. */
const BURSTS = { slotsPerDay: 48, probability: 0.65, lastDays: 0.02 }
const LEAST_HEIGHT = 0.15
const HEIGHTS = 0.8
/** Rise and fall, in days: half a minute and two. */
const RISE = 0.0004
const FALL = 0.0015

export const bursty: DayShape = (moment) => {
  const bursts = happenings(moment, 'burst', BURSTS).map(({ ageDays, draw }) => {
    const height = LEAST_HEIGHT + HEIGHTS * draw('height') ** 2
    const lasts = 0.002 + 0.012 * draw('lasts')
    return height * (smoothStep(ageDays / RISE) - smoothStep((ageDays - lasts) / FALL))
  })
  return Math.min(1.1, BASE * (1 + 0.2 * wander(moment, 'bursty-hour', 24)) + sum(bursts))
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
