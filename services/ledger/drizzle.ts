/**
 * What the ledger uses of drizzle, loaded as CommonJS. Node 22 parses a package's whole map of exports again for every
 * module of it that is an ES module; drizzle's has 130 kB, which cost each start of a controller 0.4 s. The package ships
 * the same code as CommonJS, whose modules are found without that map.
 */
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

export const {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  getTableName,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  like,
  lt,
  lte,
  max,
  min,
  ne,
  or,
  sql,
}: typeof import('drizzle-orm') = load('drizzle-orm')

export const { readMigrationFiles }: typeof import('drizzle-orm/migrator') =
  load('drizzle-orm/migrator')

export const { drizzle: libsql }: typeof import('drizzle-orm/libsql/sqlite3') = load(
  'drizzle-orm/libsql/sqlite3',
)

export const { migrate: migrateLibsql }: typeof import('drizzle-orm/libsql/migrator') = load(
  'drizzle-orm/libsql/migrator',
)

/** The builders of SQLite's tables. */
export const sqliteCore: typeof import('drizzle-orm/sqlite-core') = load('drizzle-orm/sqlite-core')
