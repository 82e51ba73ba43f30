/** The same load all day but for a small wander: nothing to foresee, so nothing should move. */
import { type DayShape, wander } from './shape.ts'

const LEVEL = 0.6
const WITHIN_DAY = 0.02

export const steady: DayShape = (moment) =>
  LEVEL * (1 + WITHIN_DAY * wander(moment, 'steady-hour', 24))
