/**
 * Readings made into a series that a model may see, by stated rules, each counted in the report:
 * a reading without time, without value, infinite (beyond ±1e300) or negative is left out; they are put in order of time; of
 * two at one instant the larger stays, as in the sample store; what falls into one step becomes its mean, greatest, sum
 * or last; a step without a reading is NaN. Outliers are marked and stay.
 */
import { floorToStep, type Series } from '../forecaster/series.ts'
import {
  AGGREGATIONS,
  type Aggregation,
  type ColumnSummary,
  describeColumn,
  groupCells,
} from './danfo.ts'
import { DatasetError } from './dataset-error.ts'
import { markOutliers } from './outliers.ts'
import { type Readings, stepsBetween } from './readings.ts'

/** readings = untimed + missing + infinite + negative + duplicates + kept; kept = merged + steps − gaps. */
export interface CleaningReport {
  readonly readings: number
  readonly untimed: number
  readonly missing: number
  readonly infinite: number
  readonly negative: number
  /** Of one instant with a reading that stayed. */
  readonly duplicates: number
  /** Earlier than one that came before. */
  readonly outOfOrder: number
  readonly kept: number
  /** More than one in a step, beyond the first. */
  readonly merged: number
  readonly steps: number
  /** Steps without a reading. */
  readonly gaps: number
  /** Marked steps. */
  readonly outliers: number
  /** Of the series; null with fewer than two values. */
  readonly summary: ColumnSummary | null
}

export interface CleaningOptions {
  readonly stepMs: number
  readonly by?: Aggregation
}

export interface Cleaned {
  readonly series: Series
  /** 1 where the series has an outlier. */
  readonly outliers: Uint8Array
  readonly report: CleaningReport
}

/** Above this a sum of many would overflow; no load is so large. */
const LARGEST = 1e300

/** Steps are aligned to Unix time 0. Throws DatasetError when no reading is left or the span is absurd. */
export async function clean(
  readings: Readings,
  { stepMs, by = 'mean' }: CleaningOptions,
): Promise<Cleaned> {
  refuseOptions(stepMs, by)
  const { order, counts } = sift(readings)
  const [first, last] = [order[0], order.at(-1)]
  if (first === undefined || last === undefined) {
    throw new DatasetError(
      readings.metric,
      'no usable reading',
      'at least one finite value from 0 on',
    )
  }
  const startMs = floorToStep(readings.atMs[first]!, stepMs)
  const steps = stepsBetween(startMs, readings.atMs[last]!, stepMs)
  const cells = Float64Array.from(order, (i) => Math.floor((readings.atMs[i]! - startMs) / stepMs))
  const kept = Float64Array.from(order, (i) => readings.values[i]!)
  const values = await groupCells(cells, kept, { by, cellCount: steps })
  const { service, metric } = readings
  const gaps = values.filter(Number.isNaN).length
  const outliers = markOutliers(values)
  const report: CleaningReport = {
    readings: readings.values.length,
    ...counts,
    kept: order.length,
    merged: order.length - (steps - gaps),
    steps,
    gaps,
    outliers: outliers.reduce((sum, mark) => sum + mark, 0),
    summary: (await describeColumn(values)) ?? null,
  }
  return { series: { service, metric, startMs, stepMs, values }, outliers, report }
}

/**
 * The series on a longer step. A step of which a part is missing is the mean, greatest or last of what is there; its sum
 * is missing, for a gap is no zero. Throws DatasetError when the step is no multiple of the series'.
 */
export async function resample(
  series: Series,
  { stepMs, by = 'mean' }: CleaningOptions,
): Promise<Cleaned> {
  const factor = stepMs / series.stepMs
  if (!Number.isInteger(factor) || factor < 1) {
    const allowed = `a multiple of the series' step, ${series.stepMs} ms`
    throw new DatasetError('stepMs', stepMs, allowed)
  }
  const { service, metric, startMs, values } = series
  const atMs = Float64Array.from(values, (_, i) => startMs + i * series.stepMs)
  const cleaned = await clean({ service, metric, atMs, values }, { stepMs, by })
  if (by !== 'sum') return cleaned
  const present = new Float64Array(cleaned.series.values.length)
  values.forEach((value, i) => {
    const cell = Math.floor((atMs[i]! - cleaned.series.startMs) / stepMs)
    if (value >= 0 && cell >= 0 && cell < present.length) present[cell]!++
  })
  return withoutPartSums(cleaned, present, factor)
}

async function withoutPartSums(
  { series, report }: Cleaned,
  present: Float64Array,
  factor: number,
): Promise<Cleaned> {
  const values = series.values.map((sum, cell) => (present[cell]! < factor ? Number.NaN : sum))
  const outliers = markOutliers(values)
  return {
    series: { ...series, values },
    outliers,
    report: {
      ...report,
      merged: report.kept - values.filter((value) => !Number.isNaN(value)).length,
      gaps: values.filter(Number.isNaN).length,
      outliers: outliers.reduce((sum, mark) => sum + mark, 0),
      summary: (await describeColumn(values)) ?? null,
    },
  }
}

type Counts = Pick<
  CleaningReport,
  'untimed' | 'missing' | 'infinite' | 'negative' | 'duplicates' | 'outOfOrder'
>

/** Indices of what stays, in order of time, one an instant; and how much does not. */
function sift({ atMs, values }: Readings): { order: Uint32Array; counts: Counts } {
  let [untimed, missing, infinite, negative, outOfOrder] = [0, 0, 0, 0, 0]
  let latest = Number.NEGATIVE_INFINITY
  const usable: number[] = []
  values.forEach((value, i) => {
    const at = atMs[i]!
    if (!Number.isFinite(at)) {
      untimed++
      return
    }
    if (at < latest) outOfOrder++
    latest = Math.max(latest, at)
    if (Number.isNaN(value)) missing++
    else if (Math.abs(value) > LARGEST) infinite++
    else if (value < 0) negative++
    else usable.push(i)
  })
  const byTime = Uint32Array.from(usable).sort(
    (a, b) => atMs[a]! - atMs[b]! || values[a]! - values[b]!,
  )
  // the last of an instant is the larger
  const order = byTime.filter((index, k) => atMs[index] !== atMs[byTime[k + 1] ?? -1])
  const duplicates = byTime.length - order.length
  return { order, counts: { untimed, missing, infinite, negative, duplicates, outOfOrder } }
}

function refuseOptions(stepMs: number, by: Aggregation): void {
  if (!(Number.isFinite(stepMs) && stepMs >= 1)) {
    throw new DatasetError('stepMs', stepMs, 'a step of at least 1 ms')
  }
  if (!AGGREGATIONS.includes(by)) throw new DatasetError('by', by, AGGREGATIONS.join(', '))
}
