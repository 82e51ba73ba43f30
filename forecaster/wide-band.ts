/**
 * The band of a series about which almost nothing is known: normal quantiles that grow like a random walk's, on the
 * scale of the changes seen so far, or of the load itself while hardly any were seen.
 */
import { type Band, LEVELS } from './forecast.ts'
import { probesOf } from './probes.ts'

/** Standard normal quantiles at the upper half of `LEVELS`, from the median on. */
const NORMAL_UPPER = [0, 0.2533, 0.5244, 0.8416, 1.2816, 1.6449, 1.96, 2.3263]
/** Share of the load taken for its deviation when nothing is known. */
const UNKNOWN_SHARE = 0.3
const FEW_CHANGES = 8

export function wideBand(history: Float64Array, last: number, horizonSteps: number): Band {
  let sum = 0
  let changes = 0
  for (let i = 1; i < history.length; i++) {
    const change = Math.abs(history[i]! - history[i - 1]!)
    if (Number.isNaN(change)) continue
    sum += change
    changes++
  }
  const guess = Math.max(UNKNOWN_SHARE * last, changes === 0 ? 1 : 0)
  const measured = changes === 0 ? 0 : (1.2533 * sum) / changes
  const trust = changes / (changes + FEW_CHANGES)
  const deviation = Math.max(measured, trust * measured + (1 - trust) * guess, 1e-9)
  const middle = LEVELS.indexOf(0.5)
  const offsets = probesOf(horizonSteps).flatMap((probe) =>
    LEVELS.map((_, l) => {
      const normal = Math.sign(l - middle) * NORMAL_UPPER[Math.abs(l - middle)]!
      return normal * deviation * Math.sqrt(probe + 1)
    }),
  )
  return {
    horizonSteps,
    power: 0,
    spreadFloor: 1,
    grain: 0,
    knots: Float64Array.of(0),
    offsets: Float64Array.from(offsets),
  }
}
