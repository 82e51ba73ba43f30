/**
 * What the row modules of this folder need of a database, the same for both dialects. Reads go through drizzle, whose
 * builders have one shape; rows are typed by SQLite's tables, and `tables` holds those of the database that is open.
 * What is written at once is one transaction, which a fence may refuse.
 */
import type { SQL } from 'drizzle-orm'
import type { LibSQLDatabase } from 'drizzle-orm/libsql'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import type * as schema from './schema.ts'

export type Tables = typeof schema
export type Db = LibSQLDatabase<Tables>

/** `?` or `?1` stands for an argument. */
export interface Statement {
  readonly sql: string
  readonly args: readonly unknown[]
}

/** Of drizzle's builders. */
interface Query {
  toSQL(): { readonly sql: string; readonly params: readonly unknown[] }
}

/** Of one table, as the program knows them. */
export type RowsOf = (
  table: SQLiteTable,
) => AsyncIterable<readonly Readonly<Record<string, unknown>>[]>

export interface Database {
  readonly db: Db
  readonly tables: Tables
  /** Many rows in few statements; values go through the column's own mapping, columns that fill themselves are left to. */
  insert<Table extends SQLiteTable>(
    table: Table,
    rows: readonly Table['$inferInsert'][],
    onConflict?: string,
  ): readonly Statement[]
  /** One transaction, refused with Fenced when the fence is passed; answers the rows that each statement changed. */
  write(statements: readonly Statement[]): Promise<readonly number[]>
  /** From now on `write` is refused unless this is still the newest token of the lease. */
  fence(token: number | undefined): void
  /** Rows as they stand, with what fills itself as well: for a restored backup. */
  restore(
    table: SQLiteTable,
    rows: readonly Readonly<Record<string, unknown>>[],
  ): readonly Statement[]
  /** What `restore` leaves to be said of a table. */
  afterRestore(table: SQLiteTable): readonly Statement[]
  /** All rows of a table in their order, some at a time, all tables as of one instant. */
  snapshot(read: (rowsOf: RowsOf) => Promise<void>): Promise<void>
  rows(statement: Statement): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Bytes on disk, with what is free within. */
  heldBytes(): Promise<number>
  /** Bytes that what is stored needs: exact in SQLite, estimated in PostgreSQL. */
  usedBytes(): Promise<number>
  /** Gives some free space back to the disk; false when there is none to give, or the database does so by itself. */
  giveBack(): Promise<boolean>
  /** Whether the list under `key` of a document holds `value`. */
  listHolds(document: SQLiteColumn, key: string, value: string): SQL
  close(): Promise<void>
}

/** What a builder of drizzle would do, to be done with others in one transaction. */
export function statementOf(query: Query): Statement {
  const { sql, params } = query.toSQL()
  return { sql, args: params }
}

/** The one lease that controllers share; others may be beside it. */
export const LEASE = 'controller'

export function chunks<Row>(rows: readonly Row[], size: number): (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  )
}
