/** SQLite's words for the column types of tables.ts. */
import { sqliteCore } from './drizzle.ts'

const { blob, index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } = sqliteCore

export const sqlite = {
  table: sqliteTable,
  text: (name: string) => text(name),
  json: (name: string) => text(name, { mode: 'json' }),
  /** float64 */
  real: (name: string) => real(name),
  /** Whole numbers up to 2^53. */
  integer: (name: string) => integer(name),
  boolean: (name: string) => integer(name, { mode: 'boolean' }),
  bytes: (name: string) => blob(name, { mode: 'buffer' }),
  /** Fills itself, in the order of writing. */
  serial: (name: string) => integer(name).primaryKey({ autoIncrement: true }),
  index,
  uniqueIndex,
  primaryKey,
}

export type Dialect = typeof sqlite
