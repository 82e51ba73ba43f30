/**
 * A source read as series on a regular grid. Readings that stand on one already become a series at once; all others are
 * cleaned first, by the rules of clean.ts, and the report says what was repaired.
 */
import { z } from 'zod'
import type { Series } from '../forecaster/series.ts'
import { type CleaningReport, clean } from './clean.ts'
import type { Aggregation } from './danfo.ts'
import { DatasetError } from './dataset-error.ts'
import { type Readings, regularSeries, usualStepMs } from './readings.ts'
import { createReader, SourceConfig } from './sources/registry.ts'

export interface DatasetOptions {
  /** Step of the series, ms; that of the source, or the one that most neighbours have, when absent. */
  readonly stepMs?: number | undefined
  /** What several readings of a step become; their mean when absent. */
  readonly by?: Aggregation
}

export interface DatasetSeries {
  readonly series: Series
  /** What was repaired; undefined where nothing had to be. */
  readonly report: CleaningReport | undefined
}

/** What a source is read from, as it is written: defaults may be left out. */
export type SourceInput = z.input<typeof SourceConfig>

/** A series a service and metric. Throws DatasetError or DatasetUnreachable. */
export async function readDataset(
  input: SourceInput,
  options: DatasetOptions = {},
): Promise<DatasetSeries[]> {
  const source = SourceConfig.safeParse(input)
  if (!source.success) {
    const faults = z.prettifyError(source.error).replaceAll('\n', ' ')
    throw new DatasetError(
      'source',
      faults,
      'kind csv, influx, parquet or prometheus and its fields',
    )
  }
  const { readings, stepMs } = await createReader(source.data).read()
  const read: DatasetSeries[] = []
  for (const one of readings)
    read.push(await seriesOf(one, { ...options, stepMs: options.stepMs ?? stepMs }))
  return read
}

/** The readings as a series. Throws DatasetError when the step cannot be told, or nothing usable is there. */
export async function seriesOf(
  readings: Readings,
  { stepMs, by = 'mean' }: DatasetOptions,
): Promise<DatasetSeries> {
  const step = stepMs ?? usualStepMs(readings.atMs)
  if (step === undefined) {
    const allowed = 'given, or two readings at different times that tell it'
    throw new DatasetError(`stepMs of ${readings.metric}`, 'absent', allowed)
  }
  const series = regularSeries(readings, step)
  if (series !== undefined && series.values.length > 0) return { series, report: undefined }
  const cleaned = await clean(readings, { stepMs: step, by })
  return { series: cleaned.series, report: cleaned.report }
}
