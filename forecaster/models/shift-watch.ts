/**
 * Notices that a level has shifted: a long run of one-step errors of one sign that are larger, on average, than errors
 * usually are. The second half matters where loads are skewed: of counts that are mostly zero, most errors are small and
 * of one sign all day.
 */
import { z } from 'zod'

/** Of independent, symmetric errors one in 2,048 steps begins such a run. */
const LONG_RUN = 12
const SPREAD_RATE = 0.005
/** One error enters the spread as at most so many spreads. */
const MOST_SPREADS = 8

export const StoredWatch = z.strictObject({
  run: z.int(),
  sum: z.number(),
  spread: z.number().min(0),
})
export interface ShiftWatch {
  /** Errors of one sign in a row, with that sign, and their sum. */
  run: number
  sum: number
  /** What an error usually is, without its sign; 0: none was seen. */
  spread: number
}

export function newWatch(): ShiftWatch {
  return { run: 0, sum: 0, spread: 0 }
}

/** Whether the level has shifted, by all errors up to this one; O(1). */
export function isShifted(watch: ShiftWatch, error: number): boolean {
  const sign = Math.sign(error)
  const goesOn = watch.run * sign > 0
  watch.run = goesOn ? watch.run + sign : sign
  watch.sum = goesOn ? watch.sum + error : error
  const size = Math.abs(error)
  const usual = watch.spread
  watch.spread =
    usual === 0 ? size : usual + SPREAD_RATE * (Math.min(size, MOST_SPREADS * usual) - usual)
  const length = Math.abs(watch.run)
  return length >= LONG_RUN && Math.abs(watch.sum) > usual * length
}
