/** Series as files that the sources read back: CSV with ISO times, Parquet with timestamps. A missing value is empty. */
import type { Series } from '../forecaster/series.ts'
import { csvCell } from './csv.ts'

export const EXPORT_FORMATS = ['csv', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** `timestamp,<metric>`, a row a step. */
export async function seriesBytes(series: Series, format: ExportFormat): Promise<Uint8Array> {
  switch (format) {
    case 'csv':
      return new TextEncoder().encode(toCsv(series))
    case 'parquet':
      return new Uint8Array(await toParquet(series))
  }
}

function toCsv({ metric, startMs, stepMs, values }: Series): string {
  const rows = Array.from(values, (value, i) => {
    const at = new Date(startMs + i * stepMs).toISOString().replace('.000Z', 'Z')
    return `${at},${Number.isNaN(value) ? '' : value}`
  })
  return [`timestamp,${csvCell(metric)}`, ...rows, ''].join('\n')
}

async function toParquet({ metric, startMs, stepMs, values }: Series): Promise<ArrayBuffer> {
  // loaded for those who write Parquet, not for every command
  const { parquetWriteBuffer } = await import('hyparquet-writer')
  const times = Array.from(values, (_, i) => new Date(startMs + i * stepMs))
  const cells = Array.from(values, (value) => (Number.isNaN(value) ? undefined : value))
  return parquetWriteBuffer({
    columnData: [
      { name: 'timestamp', data: times, type: 'TIMESTAMP', nullable: false },
      { name: metric, data: cells, type: 'DOUBLE', nullable: true },
    ],
  })
}
