/**
 * Load whose size has a Pareto tail: half of the time almost nothing, and rarely ten or twenty times that. Each five
 * minutes draw a size by inversion, x = x_m · u^(−1/α), cut off at the peak. Synthetic.
 */
import { hashUnit } from '../random.ts'
import { type DayShape, smoothStep } from './shape.ts'

const SIZES_A_DAY = 288
/** The least size, and the tail's index: a finite mean, an infinite variance were it not for the cut. */
export const LEAST_SIZE = 0.03
export const TAIL_INDEX = 1.3
const LARGEST_SIZE = 1
/** Share of a size's time in which it turns into the next one. */
const TURN = 0.1

export const longTail: DayShape = ({ dayIndex, dayFraction, seed, service }) => {
  const at = (dayIndex + dayFraction) * SIZES_A_DAY
  const slot = Math.floor(at)
  const size = (k: number): number => {
    const u = 1 - hashUnit('long-tail', seed, service, k)
    return Math.min(LARGEST_SIZE, LEAST_SIZE * u ** (-1 / TAIL_INDEX))
  }
  const part = smoothStep((at - slot - 1 + TURN) / TURN)
  return size(slot) * (1 - part) + size(slot + 1) * part
}
