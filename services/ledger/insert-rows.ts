/**
 * Many rows in few statements. A tick of 10,000 services is 200,000 values: composing them by a query builder takes a
 * second, writing them as text with parameters a tenth of that. SQLite takes rows of places; PostgreSQL one array a
 * column, so that its statement is the same for any number of rows.
 */
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'
import { chunks, type Statement } from './database.ts'
import { getTableColumns, getTableName } from './drizzle.ts'

/** SQLite takes at most 32,766; beyond some thousands nothing is gained. */
const PARAMETERS_A_STATEMENT = 8000
/** Bounds the memory that PostgreSQL needs to take one statement apart. */
const ROWS_A_STATEMENT = 10_000

type Rows = readonly Readonly<Record<string, unknown>>[]
export type Columns = readonly (readonly [key: string, column: SQLiteColumn])[]

export function insertPlaces(
  table: SQLiteTable,
  rows: Rows,
  onConflict = '',
  columns: Columns = columnsOf(table),
): Statement[] {
  const places = `(${columns.map(() => '?').join(', ')})`
  return chunks(rows, Math.floor(PARAMETERS_A_STATEMENT / columns.length)).map((chunk) => ({
    sql: `${into(table, columns)} VALUES ${chunk.map(() => places).join(', ')} ${onConflict}`,
    args: chunk.flatMap((row) => columns.map(([key, column]) => toDriver(column, row[key]))),
  }))
}

export function insertArrays(
  table: SQLiteTable,
  rows: Rows,
  onConflict = '',
  columns: Columns = columnsOf(table),
): Statement[] {
  const arrays = columns.map(([, column]) => `?::${column.getSQLType()}[]`).join(', ')
  return chunks(rows, ROWS_A_STATEMENT).map((chunk) => ({
    sql: `${into(table, columns)} SELECT * FROM unnest(${arrays}) ${onConflict}`,
    args: columns.map(([key, column]) => chunk.map((row) => toDriver(column, row[key]))),
  }))
}

function into(table: SQLiteTable, columns: Columns): string {
  return `INSERT INTO "${getTableName(table)}" (${columns.map(([, { name }]) => `"${name}"`).join(', ')})`
}

/** Without those that fill themselves. */
function columnsOf(table: SQLiteTable): Columns {
  return allColumnsOf(table).filter(([, column]) => !fillsItself(column))
}

export function allColumnsOf(table: SQLiteTable): Columns {
  const all: Record<string, SQLiteColumn> = getTableColumns(table)
  return Object.entries(all)
}

export function fillsItself(column: SQLiteColumn): boolean {
  const { autoIncrement, generatedIdentity } = column as {
    autoIncrement?: boolean
    generatedIdentity?: unknown
  }
  return autoIncrement === true || generatedIdentity !== undefined
}

const isJson = (column: SQLiteColumn) =>
  column.dataType === 'json' || column.getSQLType() === 'json'

function toDriver(column: SQLiteColumn, value: unknown): unknown {
  if (value === undefined) return null
  if (value === null && !isJson(column)) return null
  return column.mapToDriverValue(value)
}

/** A row as the driver has it in the program's terms. */
export function fromDriver(
  columns: Columns,
  row: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(([key, column]) => {
      const value = row[column.name]
      return [key, value === null ? null : column.mapFromDriverValue(value as never)]
    }),
  )
}
