/** How many replicas both runs are told to have, tick by tick, and which day of a workload is replayed. */
import { rateAt, type WorkloadName } from '../../datasets/workload.ts'
import type { Curve } from '../../services/load/replay/curve.ts'

const SAMPLES_A_TICK = 20
/** A count holds as long as one of the last so many ticks needed it. */
const HELD_TICKS = 4
const DAYS = 14
const SAMPLES_A_DAY = 720

/** Mean of the curve in each tick, requests/s. */
export function tickMeans(curve: Curve, tickMs: number, ticks: number): Float64Array {
  return Float64Array.from({ length: ticks }, (_, tick) => {
    let sum = 0
    for (let k = 0; k < SAMPLES_A_TICK; k++)
      sum += curve.rpsAt((tick + (k + 0.5) / SAMPLES_A_TICK) * tickMs)
    return sum / SAMPLES_A_TICK
  })
}

/**
 * A plain rule that is late, as reality is: what the tick before needed at `rpsPerReplica`, at least what any of the last
 * few needed. Both runs follow it blindly; what is compared is what comes of it.
 */
export function followedCounts(
  means: Float64Array,
  { rpsPerReplica, most }: { readonly rpsPerReplica: number; readonly most: number },
): number[] {
  const needed = Array.from(means, (rps) =>
    Math.min(most, Math.max(1, Math.ceil(rps / rpsPerReplica))),
  )
  return needed.map((first, tick) =>
    tick === 0 ? first : Math.max(...needed.slice(Math.max(0, tick - HELD_TICKS), tick)),
  )
}

/** Of the first two weeks, the day whose load goes highest: something rare has happened on it. */
export function busiestDay(name: WorkloadName, seed: number): number {
  let busiest = 0
  let highest = -1
  for (let day = 0; day < DAYS; day++) {
    for (let k = 0; k < SAMPLES_A_DAY; k++) {
      const rate = rateAt(name, name, k / SAMPLES_A_DAY, day, seed)
      if (rate <= highest) continue
      highest = rate
      busiest = day
    }
  }
  return busiest
}
