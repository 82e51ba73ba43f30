/** A weak wave a day under strong noise that changes with every minute: there is a pattern, but little of it. Synthetic. */
import { hashUnit } from '../random.ts'
import { wave } from './diurnal.ts'
import { type DayShape, wander } from './shape.ts'

const LEVEL = 0.35
const OF_WAVE = 0.3
const MINUTES_A_DAY = 1440
const EACH_MINUTE = 0.7
const EACH_HOUR = 0.2

export const noisy: DayShape = (moment) => {
  const base = LEVEL + OF_WAVE * (wave(moment.dayFraction) - LEVEL)
  // two minutes' noises are joined, so that no instant is an edge
  const minute = wander(moment, 'noisy-minute', MINUTES_A_DAY)
  const hour = wander(moment, 'noisy-hour', 24)
  const tilt = 0.1 * (hashUnit('noisy-tilt', moment.service) - 0.5)
  return Math.max(0, base * (1 + tilt + EACH_MINUTE * minute + EACH_HOUR * hour))
}
