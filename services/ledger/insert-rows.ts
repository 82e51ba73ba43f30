/**
 * Many rows in few statements. A tick of 10,000 services is 200,000 values: composing them by a query builder takes a
 * second, writing them as text with parameters a tenth of that.
 */
import type { InStatement, InValue } from '@libsql/client'
import { getTableColumns, getTableName } from 'drizzle-orm'
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core'

/** SQLite takes at most 32,766; beyond some thousands nothing is gained. */
const PARAMETERS_A_STATEMENT = 8000

/** Values go through the column's own mapping; columns that fill themselves are left to do so. */
export function insertRows<Table extends SQLiteTable>(
  table: Table,
  rows: readonly Table['$inferInsert'][],
  onConflict = '',
): InStatement[] {
  const columns = Object.entries(getTableColumns(table) as Record<string, SQLiteColumn>).filter(
    ([, column]) => !fillsItself(column),
  )
  const names = columns.map(([, { name }]) => name).join(', ')
  const places = `(${columns.map(() => '?').join(', ')})`
  const into = `INSERT INTO ${getTableName(table)} (${names}) VALUES`
  return chunks(rows, Math.floor(PARAMETERS_A_STATEMENT / columns.length)).map((chunk) => ({
    sql: `${into} ${chunk.map(() => places).join(', ')} ${onConflict}`,
    args: chunk.flatMap((row: Record<string, unknown>) =>
      columns.map(([key, column]) => toDriver(column, row[key])),
    ),
  }))
}

const fillsItself = (column: SQLiteColumn): boolean =>
  'autoIncrement' in column && column.autoIncrement === true

function toDriver(column: SQLiteColumn, value: unknown): InValue {
  if (value === undefined) return null
  if (value === null && column.dataType !== 'json') return null
  return column.mapToDriverValue(value) as InValue
}

export function chunks<Row>(rows: readonly Row[], size: number): (readonly Row[])[] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, i) =>
    rows.slice(i * size, (i + 1) * size),
  )
}
