/**
 * PostgreSQL's words for the column types of tables.ts. Documents are `json`, not `jsonb`: what was written comes back
 * letter by letter, in its order. The builders have the shape of SQLite's, which the rows are typed by.
 */
import type { Dialect } from './dialect-sqlite.ts'
import { pgCore } from './drizzle-postgresql.ts'

const {
  bigint,
  boolean,
  customType,
  doublePrecision,
  index,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} = pgCore

/** The driver has parsed it: drizzle's own type parses a text once more, and makes a number of the text "1". */
const json = customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'json',
  toDriver: (value) => JSON.stringify(value),
})
const bytea = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => 'bytea' })

const words: Record<keyof Dialect, unknown> = {
  table: pgTable,
  text: (name: string) => text(name),
  json: (name: string) => json(name),
  real: (name: string) => doublePrecision(name),
  integer: (name: string) => bigint(name, { mode: 'number' }),
  boolean: (name: string) => boolean(name),
  bytes: (name: string) => bytea(name),
  serial: (name: string) =>
    bigint(name, { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
  index,
  uniqueIndex,
  primaryKey,
}

export const postgresql = words as unknown as Dialect
