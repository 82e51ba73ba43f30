/**
 * A quiet wave a day, and every few days a flash crowd: many times the load within minutes, which goes away over hours
 * (an exponential decay, as after a link on a big site). Synthetic.
 */
import { wave } from './diurnal.ts'
import { type DayShape, happenings, smoothStep, wander } from './shape.ts'

const OF_WAVE = 0.25
/** One in about three days. */
const CROWDS = { slotsPerDay: 1, probability: 0.35, lastDays: 1 }
const LEAST_HEIGHT = 0.55
const HEIGHTS = 0.3
/** Five minutes up; down to a third in two to four hours. */
const RISE = 0.0035
const LEAST_DECAY = 0.083
/** The crowd has gone when it is forgotten: the end of the exponential is cut off smoothly. */
const GONE_FROM = 0.8

export const flashCrowd: DayShape = (moment) => {
  const crowds = happenings(moment, 'crowd', CROWDS).map(({ ageDays, draw }) => {
    const height = LEAST_HEIGHT + HEIGHTS * draw('height')
    const decay = LEAST_DECAY * (1 + draw('decay'))
    const leaving = 1 - smoothStep((ageDays - GONE_FROM) / (1 - GONE_FROM))
    return height * smoothStep(ageDays / RISE) * Math.exp(-ageDays / decay) * leaving
  })
  const quiet = OF_WAVE * wave(moment.dayFraction) * (1 + 0.05 * wander(moment, 'crowd-hour', 24))
  return Math.min(1.1, quiet + crowds.reduce((total, crowd) => total + crowd, 0))
}
