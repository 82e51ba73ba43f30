/**
 * Where forecasts are issued and how far they look. The test part is the last 30 % of a trace (a day at least, where
 * half the trace holds one); issue times are spread over it, one at an uneven place in each of equally long stretches
 * (golden-ratio sequence), so that they fall on all times of the day. Every model gets the same ones.
 */
import { daySteps, type Trace } from './trace.ts'

const TEST_SHARE = 0.3
const SHORT_HORIZONS = [5, 15, 60]
const GOLDEN = (Math.sqrt(5) - 1) / 2

export interface Horizon {
  readonly name: '5' | '15' | '60' | 'day'
  readonly steps: number
}

export interface Split {
  /** Values before this index are the training part. */
  readonly testFrom: number
  /** Issue times: a forecast from `origins[i]` knows `values[0 … origins[i] − 1]` and foresees what follows. */
  readonly origins: readonly number[]
  readonly horizons: readonly Horizon[]
  /** Steps of the longest horizon. */
  readonly reach: number
  /** Lengths of the seasons that a calendar names and the training part holds twice, steps: day, week. */
  readonly seasons: readonly number[]
}

/** Undefined for a trace too short to hold a test part with the shortest horizon. */
export function splitOf(
  trace: Pick<Trace, 'stepMs' | 'values'>,
  origins: number,
): Split | undefined {
  const length = trace.values.length
  const day = daySteps(trace.stepMs)
  const dayFits = day !== undefined && day <= length / 2
  const testSteps = Math.max(Math.round(length * TEST_SHARE), dayFits ? day : 0)
  const testFrom = length - testSteps
  const horizons: Horizon[] = SHORT_HORIZONS.filter((steps) => steps <= testSteps).map((steps) => ({
    name: String(steps) as Horizon['name'],
    steps,
  }))
  if (horizons.length === 0) return undefined
  if (dayFits) horizons.push({ name: 'day', steps: day })
  const reach = Math.max(...horizons.map(({ steps }) => steps))
  // where two of the longest horizons do not fit, late forecasts are scored up to the trace's end
  const kept = testSteps >= 2 * reach ? reach : Math.min(60, horizons[0]!.steps)
  return {
    testFrom,
    origins: spread(testFrom, length - kept, origins),
    horizons,
    reach,
    seasons: dayFits ? [day, 7 * day].filter((season) => 2 * season <= testFrom) : [],
  }
}

/** Up to `count` different whole numbers in [first, last], ascending. */
function spread(first: number, last: number, count: number): number[] {
  const stretch = (last - first + 1) / count
  const places = Array.from({ length: count }, (_, i) => {
    const uneven = ((i + 1) * GOLDEN) % 1
    return first + Math.floor((i + uneven) * stretch)
  })
  return [...new Set(places)]
}
