/**
 * Readings: values at whatever times somebody measured them, in the order in which they came. The step before a Series.
 */
import { MetricName, type Series, ServiceId } from '../forecaster/series.ts'
import { DatasetError } from './dataset-error.ts'

export interface Readings {
  readonly service: ServiceId
  readonly metric: MetricName
  /** Unix ms. */
  readonly atMs: Float64Array
  /** NaN where a value is missing. */
  readonly values: Float64Array
}

/** More steps than this are a mistake in a time stamp, not a series. */
export const MOST_STEPS = 5_000_000

/**
 * The spacing that most neighbouring times have, ms; undefined with fewer than two times. Times need not be sorted:
 * what goes back is not counted.
 */
export function usualStepMs(atMs: Float64Array): number | undefined {
  const counts = new Map<number, number>()
  for (let i = 1; i < atMs.length; i++) {
    const apart = atMs[i]! - atMs[i - 1]!
    if (apart > 0) counts.set(apart, (counts.get(apart) ?? 0) + 1)
  }
  let best: number | undefined
  for (const [apart, count] of counts) {
    const most = best === undefined ? 0 : counts.get(best)!
    if (count > most || (count === most && apart < best!)) best = apart
  }
  return best
}

/** The readings as a series, when they stand on a grid already, in order, once each; undefined when they do not. */
export function regularSeries(readings: Readings, stepMs: number): Series | undefined {
  const { service, metric, atMs, values } = readings
  const startMs = atMs[0] ?? 0
  const steps = atMs.length === 0 ? 0 : stepsBetween(startMs, atMs.at(-1)!, stepMs)
  const grid = new Float64Array(steps).fill(Number.NaN)
  let next = 0
  for (let i = 0; i < atMs.length; i++) {
    const step = (atMs[i]! - startMs) / stepMs
    if (!Number.isInteger(step) || step < next) return undefined
    if (values[i]! < 0 || Math.abs(values[i]!) === Number.POSITIVE_INFINITY) return undefined
    grid[step] = values[i]!
    next = step + 1
  }
  return { service, metric, startMs, stepMs, values: grid }
}

/** Cells that a grid from the first to the last time has. Throws DatasetError when that is absurd. */
export function stepsBetween(firstMs: number, lastMs: number, stepMs: number): number {
  const steps = Math.floor((lastMs - firstMs) / stepMs) + 1
  if (steps >= 0 && steps <= MOST_STEPS) return steps
  const span = `${new Date(firstMs).toISOString()} to ${new Date(lastMs).toISOString()}`
  const allowed = `at most ${MOST_STEPS} steps of ${stepMs} ms: a longer step, or times without mistakes`
  throw new DatasetError('time', span, allowed)
}

/** `Nab_Tweets AAPL` as a service's name: lower case, "-" for what a DNS label may not hold. */
export function serviceIdOf(name: string): ServiceId {
  const label = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const id = label.slice(0, 63).replaceAll(/^-+|-+$/g, '')
  return ServiceId.parse(id === '' ? 'unnamed' : id)
}

/** A column's title as the name of a metric. */
export function metricNameOf(title: string): MetricName {
  const name = title.trim().replaceAll(/[^a-zA-Z0-9_:]+/g, '_')
  return MetricName.parse((/^[a-zA-Z_:]/.test(name) ? name : `_${name}`).slice(0, 200))
}
