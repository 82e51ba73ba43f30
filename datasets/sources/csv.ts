/** A CSV file: a column of times, one or more of values. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { readCsv } from '../csv.ts'
import { DatasetError } from '../dataset-error.ts'
import { readTimesMs } from '../time.ts'
import { chooseColumns, columnReadings, readCell } from './columns.ts'
import { columnFields, type Reader } from './source.ts'

export const CsvSource = z.strictObject({
  kind: z.literal('csv'),
  file: z.string().min(1),
  ...columnFields,
})
export type CsvSource = z.infer<typeof CsvSource>

export function createCsvReader(source: CsvSource): Reader {
  return {
    async read() {
      const { titles, columns } = readCsv(await readText(source.file), source.file)
      const chosen = chooseColumns(titles, source)
      const atMs = readTimesMs(columns[chosen.time]!, source.timeUnit, titles[chosen.time]!)
      const values = chosen.values.map((c) => ({
        title: titles[c]!,
        values: Float64Array.from(columns[c]!, (cell, row) => readCell(cell, titles[c]!, row)),
      }))
      return { readings: columnReadings(source.file, source, atMs, values) }
    },
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new DatasetError('file', file, 'a CSV file that can be read', { cause })
  }
}
