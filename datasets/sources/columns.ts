/** Which columns of a file are meant, and readings made of them; the same for every kind of file. */
import path from 'node:path'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import { DatasetError } from '../dataset-error.ts'
import { metricNameOf, type Readings, serviceIdOf } from '../readings.ts'
import type { ColumnChoice } from './source.ts'

const USUAL_TIME_COLUMNS = ['timestamp', 'time', 't', 'date', 'at']
/** A column called so says nothing; it is the load. */
const NAMELESS = 'value'

export interface ChosenColumns {
  /** Index of the column of times. */
  readonly time: number
  /** Indices of the columns of values. */
  readonly values: readonly number[]
}

/** Throws DatasetError when a column is not there, with those that are. */
export function chooseColumns(
  titles: readonly string[],
  { timeColumn, valueColumns, metric }: ColumnChoice,
): ChosenColumns {
  const time =
    timeColumn === undefined
      ? titles.findIndex((title) => USUAL_TIME_COLUMNS.includes(title.toLowerCase()))
      : titles.indexOf(timeColumn)
  if (time < 0) {
    const meant = timeColumn ?? `none of ${USUAL_TIME_COLUMNS.join(', ')}`
    throw new DatasetError('timeColumn', meant, titles.join(', '))
  }
  const others = titles.filter((_, i) => i !== time)
  const wanted = valueColumns ?? others
  const missing = wanted.find((title) => !others.includes(title))
  if (missing !== undefined || wanted.length === 0) {
    throw new DatasetError('valueColumns', missing ?? 'none', others.join(', ') || 'none is there')
  }
  if (metric !== undefined && wanted.length > 1) {
    const allowed = `absent, or with one of the columns ${wanted.join(', ')}`
    throw new DatasetError('metric', metric, allowed)
  }
  return { time, values: wanted.map((title) => titles.indexOf(title)) }
}

/** One row of readings a column of values. */
export function columnReadings(
  file: string,
  choice: ColumnChoice,
  atMs: Float64Array,
  columns: readonly { readonly title: string; readonly values: Float64Array }[],
): Readings[] {
  const service = choice.service ?? serviceIdOf(path.parse(file).name)
  return columns.map(({ title, values }) => ({
    service,
    metric: choice.metric ?? (title === NAMELESS ? LOAD_METRIC : metricNameOf(title)),
    atMs,
    values,
  }))
}

/** Nothing, and what programs write for it, is missing. */
const MISSING = new Set(['', 'nan', 'null', 'na', 'n/a', 'none', '-'])

/** A cell's number, NaN where it is missing. Throws DatasetError, naming column and row. */
export function readCell(cell: string, title: string, row: number): number {
  const text = cell.trim()
  if (MISSING.has(text.toLowerCase())) return Number.NaN
  const value = Number(text)
  if (!Number.isNaN(value)) return value
  throw new DatasetError(
    `${title}, row ${row + 1}`,
    cell,
    'a number, or nothing where it is missing',
  )
}
