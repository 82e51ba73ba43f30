/**
 * A wave a day, and now and then a flood of bots: it begins and ends within seconds, at any hour, and is as flat as only
 * machines are. Load that is real to the servers but follows no habit of people. Synthetic.
 */
import { wave } from './diurnal.ts'
import { type DayShape, happenings, smoothStep, wander } from './shape.ts'

const OF_WAVE = 0.4
/** About one in a day and a half. */
const ATTACKS = { slotsPerDay: 2, probability: 0.35, lastDays: 0.13 }
const LEAST_HEIGHT = 0.45
const HEIGHTS = 0.2
/** Twenty minutes to three hours. */
const LEAST_DAYS = 0.014
const MORE_DAYS = 0.11
/** Twenty seconds. */
const EDGE = 0.00023

export const botAttack: DayShape = (moment) => {
  const attacks = happenings(moment, 'attack', ATTACKS).map(({ ageDays, draw }) => {
    const lasts = LEAST_DAYS + MORE_DAYS * draw('lasts')
    const height = LEAST_HEIGHT + HEIGHTS * draw('height')
    return height * (smoothStep(ageDays / EDGE) - smoothStep((ageDays - lasts) / EDGE))
  })
  const people = OF_WAVE * wave(moment.dayFraction) * (1 + 0.04 * wander(moment, 'attack-hour', 24))
  // two attackers at once are held up by the same line in front of the servers
  return Math.min(1.1, people + Math.max(0, ...attacks))
}
