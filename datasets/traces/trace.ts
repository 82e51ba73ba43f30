/** A trace's file as a series. */
import { LOAD_METRIC, type Series } from '../../forecaster/series.ts'
import { readCsv } from '../csv.ts'
import { DatasetError } from '../dataset-error.ts'
import { regularSeries, serviceIdOf } from '../readings.ts'
import { readTimesMs } from '../time.ts'
import { type LibraryOptions, type TraceFile, traceFile } from './library.ts'
import type { TraceEntry } from './manifest.ts'

export const TRACE_UNITS = ['origin', 'per-second'] as const
export type TraceUnit = (typeof TRACE_UNITS)[number]

/** Metric of a trace whose values were left as the origin has them. */
export const ORIGIN_METRIC = 'value'

export interface LoadedTrace extends TraceFile {
  readonly series: Series
}

/**
 * The trace called `name`, verified, on its grid; left-out rows are NaN. Values are the origin's own, or with
 * `per-second` requests/s where the manifest knows the factor. Throws as traceFile does.
 */
export async function loadTrace(
  name: string,
  options: LibraryOptions & { readonly unit?: TraceUnit },
): Promise<LoadedTrace> {
  const file = await traceFile(name, options)
  return { ...file, series: traceSeries(file.text, file.entry, options.unit ?? 'origin') }
}

/** Series of a file's text. Seconds without a date begin at 1970-01-01. */
export function traceSeries(text: string, entry: TraceEntry, unit: TraceUnit): Series {
  const { id, step_s, time_column, value_to_per_second } = entry
  if (unit === 'per-second' && value_to_per_second === null) {
    const allowed = `origin: the values of ${id} (${entry.unit}) are no rate`
    throw new DatasetError('unit', unit, allowed)
  }
  const { titles, columns } = readCsv(text, id)
  if (titles.join() !== `${time_column},value`) {
    throw new DatasetError(`${id}, titles`, titles.join(), `${time_column},value`)
  }
  const times = readTimesMs(columns[0]!, time_column === 't' ? 's' : 'iso', `${id}, ${time_column}`)
  const factor = unit === 'per-second' ? (value_to_per_second ?? 1) : 1
  const values = Float64Array.from(columns[1]!, (cell) => readValue(cell, id) * factor)
  const metric = unit === 'per-second' ? LOAD_METRIC : ORIGIN_METRIC
  const readings = { service: serviceIdOf(id), metric, atMs: times, values }
  const series = regularSeries(readings, step_s * 1000)
  if (series !== undefined) return series
  const allowed = `rising times, a multiple of ${step_s} s apart, and values from 0 on`
  throw new DatasetError(`${id}, rows`, 'times or values', allowed)
}

function readValue(cell: string, id: string): number {
  const value = cell.trim() === '' ? Number.NaN : Number(cell)
  if (cell.trim() === '' || Number.isFinite(value)) return value
  throw new DatasetError(`${id}, value`, cell, 'a finite number, or nothing where it is missing')
}
