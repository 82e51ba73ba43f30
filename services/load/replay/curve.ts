/** What is replayed: requests/s over the time of the replay, from a synthetic workload, a trace, or a file. */
import { DatasetError } from '../../../datasets/dataset-error.ts'
import { MOST_RATE, rateAt, type WorkloadName } from '../../../datasets/workload.ts'
import type { Series } from '../../../forecaster/series.ts'

const DAY_MS = 86_400_000

export interface Curve {
  /** Of the workload, trace or file; it names the stream of chance. */
  readonly name: string
  readonly synthetic: boolean
  /** Requests/s so many ms after the beginning of the replay; never above `mostRps`. */
  readonly rpsAt: (sinceStartMs: number) => number
  readonly mostRps: number
  /** The replay can last no longer; infinite for a workload. */
  readonly lengthMs: number
  /** Time of the source that is skipped or bridged because nobody measured it, ms of the source. */
  readonly bridgedMs: number
}

export interface CurveOptions {
  /** Requests/s at the source's peak. */
  readonly peakRps: number
  /** So many seconds of the source pass in one of the replay. */
  readonly compress: number
  /** The replay begins so far into the source, ms of the source. */
  readonly skipMs: number
}

/** The shape that `dataset export NAME --seed N` writes, scaled to the peak. Day 0 is a Monday and begins at 0:00. */
export function workloadCurve(name: WorkloadName, seed: number, options: CurveOptions): Curve {
  const { peakRps, compress, skipMs } = options
  return {
    name,
    synthetic: true,
    rpsAt(sinceStartMs) {
      const days = (skipMs + sinceStartMs * compress) / DAY_MS
      const day = Math.floor(days)
      return peakRps * rateAt(name, name, days - day, day, seed)
    },
    mostRps: peakRps * MOST_RATE,
    lengthMs: Number.POSITIVE_INFINITY,
    bridgedMs: 0,
  }
}

/**
 * A recorded series, its greatest value scaled to the peak; constant within a step, whose mean it is. A gap is no zero:
 * the last value before it holds. Throws DatasetError when nothing is left after `skipMs`, or nothing ever came.
 */
export function seriesCurve(name: string, series: Series, options: CurveOptions): Curve {
  const { peakRps, compress, skipMs } = options
  const { stepMs, values } = series
  const wholeMs = values.length * stepMs
  if (skipMs >= wholeMs) throw new DatasetError('skip', `${skipMs} ms`, `below ${wholeMs} ms`)
  const greatest = values.reduce((most, value) => (value > most ? value : most), 0)
  if (!(greatest > 0)) throw new DatasetError(name, greatest, 'a series with a value above 0')
  const { bridged, steps } = bridgeGaps(values)
  return {
    name,
    synthetic: false,
    rpsAt(sinceStartMs) {
      const step = Math.floor((skipMs + sinceStartMs * compress) / stepMs)
      return (peakRps * bridged[Math.min(step, bridged.length - 1)]!) / greatest
    },
    mostRps: peakRps,
    lengthMs: (wholeMs - skipMs) / compress,
    bridgedMs: steps * stepMs,
  }
}

/** What comes before the first value is as the first value. */
function bridgeGaps(values: Float64Array): { bridged: Float64Array; steps: number } {
  const bridged = Float64Array.from(values)
  let last = values.find((value) => !Number.isNaN(value))!
  let steps = 0
  for (let i = 0; i < bridged.length; i++) {
    if (Number.isNaN(bridged[i]!)) {
      bridged[i] = last
      steps++
    } else last = bridged[i]!
  }
  return { bridged, steps }
}
