/** Times and spans as people and files write them. */
import { DatasetError } from './dataset-error.ts'

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `90s`, `5m`, `1h` in ms. Throws DatasetError, naming `field`. */
export function readSpanMs(text: string, field: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d|w)$/.exec(text.trim()) ?? []
  const ms = Number(count) * (UNITS_MS[unit] ?? Number.NaN)
  if (ms > 0) return ms
  throw new DatasetError(field, text, 'a whole number above 0 and ms, s, m, h, d or w, like 5m')
}

export const TIME_UNITS = ['auto', 'iso', 's', 'ms'] as const
export type TimeUnit = (typeof TIME_UNITS)[number]

/** Seconds above this would lie after the year 5000, so they are milliseconds. */
const LARGEST_SECONDS = 1e11
const NAIVE = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$/

/**
 * Unix ms of a column of times. `auto`: numbers are seconds, or ms where the largest is above 10¹¹, anything else is
 * ISO 8601. A time without a zone is taken as UTC. Throws DatasetError with the first row that is none.
 */
export function readTimesMs(cells: readonly string[], unit: TimeUnit, field: string): Float64Array {
  const asNumbers = unit === 's' || unit === 'ms' || (unit === 'auto' && allNumbers(cells))
  const read = asNumbers ? readNumber : readIsoMs
  const at = Float64Array.from(cells, read)
  const wrong = at.findIndex((value) => !Number.isFinite(value))
  if (wrong >= 0) {
    const allowed = asNumbers
      ? 'seconds or ms as a number'
      : 'ISO 8601, with a zone or in UTC, like 2026-11-21T08:00:00Z'
    throw new DatasetError(`${field}, row ${wrong + 1}`, cells[wrong], allowed)
  }
  const inSeconds = unit === 's' || (unit === 'auto' && at.every((v) => v < LARGEST_SECONDS))
  return asNumbers && inSeconds ? at.map((seconds) => Math.round(seconds * 1000)) : at
}

const readNumber = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))
const allNumbers = (cells: readonly string[]): boolean =>
  cells.every((cell) => Number.isFinite(readNumber(cell)))

/** NaN when `text` is no time. */
export function readIsoMs(text: string): number {
  const trimmed = text.trim()
  const naive = NAIVE.exec(trimmed)
  if (naive) return Date.parse(`${naive[1]}T${naive[2]}Z`)
  return /^\d{4}-\d{2}-\d{2}/.test(trimmed) ? Date.parse(trimmed) : Number.NaN
}
