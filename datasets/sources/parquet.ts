/** A Parquet file, by hyparquet: a column of times (a timestamp, ISO text, seconds or ms), one or more of numbers. */
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { z } from 'zod'
import { DatasetError } from '../dataset-error.ts'
import { readTimesMs } from '../time.ts'
import { chooseColumns, columnReadings, readCell } from './columns.ts'
import { columnFields, type Reader } from './source.ts'

export const ParquetSource = z.strictObject({
  kind: z.literal('parquet'),
  file: z.string().min(1),
  ...columnFields,
})
export type ParquetSource = z.infer<typeof ParquetSource>

export function createParquetReader(source: ParquetSource): Reader {
  return {
    async read() {
      const { titles, rows } = await readRows(source)
      const chosen = chooseColumns(titles, source)
      const times = rows.map((row) => timeText(row[titles[chosen.time]!]))
      const atMs = readTimesMs(times, source.timeUnit, titles[chosen.time]!)
      const values = chosen.values.map((c) => {
        const title = titles[c]!
        return {
          title,
          values: Float64Array.from(rows, (row, i) => readCell(text(row[title]), title, i)),
        }
      })
      return { readings: columnReadings(source.file, source, atMs, values) }
    },
  }
}

async function readRows(
  source: ParquetSource,
): Promise<{ titles: string[]; rows: Record<string, unknown>[] }> {
  try {
    const file = await asyncBufferFromFile(source.file)
    const metadata = await parquetMetadataAsync(file)
    const titles = parquetSchema(metadata).children.map(({ element }) => element.name)
    return { titles, rows: await parquetReadObjects({ file, metadata, compressors }) }
  } catch (cause) {
    throw new DatasetError('file', source.file, 'a Parquet file that can be read', { cause })
  }
}

/** Timestamps come as dates, INT64 as bigint. */
const text = (value: unknown): string =>
  value === null || value === undefined ? '' : String(value)
const timeText = (value: unknown): string =>
  value instanceof Date ? value.toISOString() : text(value)
