/** Where series can come from: the one file that knows the sources. */
import { z } from 'zod'
import { CsvSource, createCsvReader } from './csv.ts'
import { createInfluxReader, InfluxSource } from './influx.ts'
import { createParquetReader, ParquetSource } from './parquet.ts'
import { createPrometheusReader, PrometheusSource } from './prometheus.ts'
import type { Reader } from './source.ts'

export const SourceConfig = z.discriminatedUnion('kind', [
  CsvSource,
  InfluxSource,
  ParquetSource,
  PrometheusSource,
])
export type SourceConfig = z.infer<typeof SourceConfig>

export function createReader(source: SourceConfig): Reader {
  switch (source.kind) {
    case 'csv':
      return createCsvReader(source)
    case 'influx':
      return createInfluxReader(source)
    case 'parquet':
      return createParquetReader(source)
    case 'prometheus':
      return createPrometheusReader(source)
  }
}
