/**
 * A wave a day with outages: something in front breaks and no request arrives for ten minutes to an hour; then all the
 * retries come at once, and ebb away. Zero here is a measurement, not a gap. Synthetic.
 */
import { wave } from './diurnal.ts'
import { type DayShape, type Happening, happenings, smoothStep, wander } from './shape.ts'

const OF_WAVE = 0.7
/** One in two days. */
const OUTAGES = { slotsPerDay: 1, probability: 0.5, lastDays: 0.2 }
const LEAST_DAYS = 0.007
const MORE_DAYS = 0.035
/** Half a minute: connections are cut, not closed. */
const EDGE = 0.00035
/** Retries on top of what would have come, as a share of it, and the time in which a third of them is left. */
const RETRIES = 0.6
const RETRY_DECAY = 0.014
/** The retries are over before the outage is forgotten. */
const FORGOTTEN_FROM = 0.12

export const failures: DayShape = (moment) => {
  const usual = OF_WAVE * wave(moment.dayFraction) * (1 + 0.04 * wander(moment, 'failure-hour', 24))
  const factor = happenings(moment, 'outage', OUTAGES).reduce((f, one) => f * during(one), 1)
  return Math.min(1.1, Math.max(0, usual * factor))
}

function during({ ageDays, draw }: Happening): number {
  const lasts = LEAST_DAYS + MORE_DAYS * draw('lasts')
  const after = ageDays - lasts
  const cut = 1 - smoothStep(ageDays / EDGE) + smoothStep(after / EDGE)
  if (after <= 0) return cut
  const forgotten = 1 - smoothStep((ageDays - FORGOTTEN_FROM) / (OUTAGES.lastDays - FORGOTTEN_FROM))
  return cut * (1 + RETRIES * Math.exp(-after / RETRY_DECAY) * forgotten)
}
