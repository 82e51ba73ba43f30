/**
 * A service's history on a regular grid: the root of the vocabulary.
 *
 * Value `i` covers the interval [startMs + i·stepMs, startMs + (i + 1)·stepMs) and is known at its end.
 * A missing value is NaN; a gap is never a zero.
 */
import { z } from 'zod'

export const ServiceId = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'must be a DNS label: a-z, 0-9 and "-", at most 63',
  )
  .meta({ id: 'ServiceId', description: 'Name of a scaled service (a DNS label).' })
export type ServiceId = z.infer<typeof ServiceId>

/** Metrics the product itself reads, in base units. Any other name may be stored beside them. */
export const METRICS = [
  'requests_per_second',
  'cpu_cores',
  'latency_p95_seconds',
  'queue_length',
  'error_ratio',
  'violation_ratio',
  'ready_replicas',
  'starting_replicas',
  'terminating_replicas',
  'startup_seconds',
] as const
export type KnownMetric = (typeof METRICS)[number]

/** The metric that forecasts and decisions are made of. */
export const LOAD_METRIC = 'requests_per_second'

export const MetricName = z
  .string()
  .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,199}$/, 'must match [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200')
  .meta({ id: 'MetricName', description: 'Metric name by Prometheus rules, in base units.' })
export type MetricName = z.infer<typeof MetricName>

export interface Series {
  readonly service: ServiceId
  readonly metric: MetricName
  readonly startMs: number
  readonly stepMs: number
  readonly values: Float64Array
}

/** The first instant after the series. */
export function endMs(series: Series): number {
  return series.startMs + series.values.length * series.stepMs
}

/** The grid instant at or before `atMs`. */
export function floorToStep(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs
}
