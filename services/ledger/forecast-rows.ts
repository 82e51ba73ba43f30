/**
 * Forecasts as rows. Quantiles are nine tenths of a ledger when they are text, so they are kept as float64 bytes: exact,
 * half as long, and written faster than digits.
 */
import { ForecastDocument } from '../../forecaster/forecast.ts'
import type * as schema from './schema.ts'

const CELL_BYTES = 8
/** The file may move to a machine of another byte order. */
const LITTLE_ENDIAN = true

/** `atMs` is the time of the tick that wrote it. */
export function forecastRow(
  document: ForecastDocument,
  atMs: number,
): typeof schema.forecasts.$inferInsert {
  const { quantiles, ...rest } = document
  return {
    service: document.service,
    metric: document.metric,
    atMs,
    document: rest,
    quantiles: bytesOf(quantiles),
  }
}

export function readForecast({
  document,
  quantiles,
}: typeof schema.forecasts.$inferSelect): ForecastDocument {
  if (quantiles === null) return ForecastDocument.parse(document) // of a version that wrote text
  const rest = ForecastDocument.omit({ quantiles: true }).parse(document)
  return ForecastDocument.parse({ ...rest, quantiles: rowsOf(quantiles, rest.levels.length) })
}

function bytesOf(quantiles: readonly (readonly number[])[]): Buffer {
  const cells = quantiles.flat()
  const view = new DataView(new ArrayBuffer(cells.length * CELL_BYTES))
  for (let i = 0; i < cells.length; i++) view.setFloat64(i * CELL_BYTES, cells[i]!, LITTLE_ENDIAN)
  return Buffer.from(view.buffer)
}

function rowsOf(bytes: Buffer, levels: number): number[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const steps = bytes.byteLength / CELL_BYTES / levels
  return Array.from({ length: levels }, (_, level) =>
    Array.from({ length: steps }, (_, k) =>
      view.getFloat64((level * steps + k) * CELL_BYTES, LITTLE_ENDIAN),
    ),
  )
}
