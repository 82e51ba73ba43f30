/** What every source gives: readings as they were found, a row a service and metric. One file a source, one registry. */
import { z } from 'zod'
import { MetricName, ServiceId } from '../../forecaster/series.ts'
import { DatasetError } from '../dataset-error.ts'
import type { Readings } from '../readings.ts'

export interface Reader {
  /**
   * The readings, and the step that they have by their nature (a query's); undefined where only the times can tell.
   * Throws DatasetError for what cannot be meant, DatasetUnreachable when a server does not answer.
   */
  read(): Promise<{ readonly readings: readonly Readings[]; readonly stepMs?: number }>
}

/** A range of a store on its grid: [fromMs, toMs), both multiples of the step. */
export const rangeFields = {
  fromMs: z.int().nonnegative().meta({ description: 'Begin of the range, Unix ms, inclusive.' }),
  toMs: z.int().nonnegative().meta({ description: 'End of the range, Unix ms, exclusive.' }),
  stepMs: z.int().min(1000).default(60_000).meta({ description: 'Step of the series, ms.' }),
  timeoutMs: z
    .int()
    .min(1)
    .default(30_000)
    .meta({ description: 'Longest wait for an answer, ms.' }),
}

/** More cells than this in one read are asked for by mistake. */
const MOST_STEPS = 1_000_000

/** The range cut to whole steps. Throws DatasetError, naming both ends, when nothing or too much is left. */
export function wholeSteps({
  fromMs,
  toMs,
  stepMs,
}: {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}): { readonly firstMs: number; readonly steps: number } {
  const firstMs = Math.ceil(fromMs / stepMs) * stepMs
  const steps = Math.floor((toMs - firstMs) / stepMs)
  if (steps >= 1 && steps <= MOST_STEPS) return { firstMs, steps }
  const allowed = `1 to ${MOST_STEPS} whole steps of ${stepMs} ms between them`
  throw new DatasetError('fromMs, toMs', `${fromMs}, ${toMs}`, allowed)
}

/** A label of a foreign system as a service. Throws DatasetError, naming the label. */
export function readService(value: unknown, label: string): ServiceId {
  const service = ServiceId.safeParse(value)
  if (service.success) return service.data
  throw new DatasetError(label, value ?? 'absent', 'a DNS label: a-z, 0-9 and "-", at most 63')
}

/** Columns of a file: which one holds the times, which ones values, and what they are called here. */
export const columnFields = {
  timeColumn: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Column of times; timestamp, time, t, date or at when absent.' }),
  timeUnit: z.enum(['auto', 'iso', 's', 'ms']).default('auto').meta({
    description: 'Unit of the times; auto: ISO 8601, or seconds, or ms where numbers are large.',
  }),
  valueColumns: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .meta({ description: 'Columns of values; every other column when absent.' }),
  service: ServiceId.optional().meta({
    description: "Service; made of the file's name when absent.",
  }),
  metric: MetricName.optional().meta({
    description: "Metric, with one column of values; the column's title when absent.",
  }),
}

export type ColumnChoice = {
  readonly timeColumn?: string | undefined
  readonly valueColumns?: readonly string[] | undefined
  readonly service?: ServiceId | undefined
  readonly metric?: MetricName | undefined
}
