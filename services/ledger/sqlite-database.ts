/**
 * The embedded ledger's file opened and brought up to date. Migrations run forward only: a file that a newer version wrote
 * is refused, because this one would not know what its rows mean.
 */
import { fileURLToPath } from 'node:url'
import { type Client, createClient, type InValue } from '@libsql/client/sqlite3'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { spaceOf } from '../sqlite-space.ts'
import { type Database, type Db, LEASE, type RowsOf, type Statement } from './database.ts'
import { getTableName, libsql, migrateLibsql, readMigrationFiles, sql } from './drizzle.ts'
import { allColumnsOf, fromDriver, insertPlaces } from './insert-rows.ts'
import { Fenced, LedgerError } from './ledger.ts'
import * as schema from './schema.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))
const MIGRATIONS_TABLE = '__drizzle_migrations'
const BUSY_LIMIT_MS = 5000

/** Breaks a constraint, and so the transaction, when the token is no longer the newest: a batch cannot ask and then stop. */
const FENCE = `INSERT INTO meta (key, value) SELECT 'fence', NULL
  WHERE NOT EXISTS (SELECT 1 FROM leases WHERE name = '${LEASE}' AND token = ?)`

/** Throws LedgerError when `file` is damaged, is no ledger, or was written by a newer version. */
export async function openSqlite(file: string): Promise<Database> {
  let client: Client | undefined
  try {
    // pragmas hold for one connection, so there is only one
    client = createClient({ url: `file:${file}`, timeout: BUSY_LIMIT_MS, concurrency: 1 })
    // of a new file only: what is dropped for its size can then be given back to the disk
    await client.execute('PRAGMA auto_vacuum = INCREMENTAL')
    await client.execute('PRAGMA journal_mode = WAL')
    await client.execute('PRAGMA synchronous = FULL')
    await refuseNewer(client, file)
    const db = libsql(client, { schema })
    await migrateLibsql(db, { migrationsFolder: MIGRATIONS, migrationsTable: MIGRATIONS_TABLE })
    return databaseOf(client, db)
  } catch (cause) {
    client?.close()
    if (cause instanceof LedgerError) throw cause
    throw new LedgerError(
      `cannot open the ledger ${file}: it is damaged, no ledger, or not writable (${messageOf(cause)})`,
      { cause },
    )
  }
}

async function refuseNewer(client: Client, file: string): Promise<void> {
  const { rows: tables } = await client.execute({
    sql: 'SELECT name FROM sqlite_master WHERE name = ?',
    args: [MIGRATIONS_TABLE],
  })
  if (tables.length === 0) return
  const { rows } = await client.execute(`SELECT max(created_at) AS newest FROM ${MIGRATIONS_TABLE}`)
  const known = readMigrationFiles({ migrationsFolder: MIGRATIONS }).at(-1)!.folderMillis
  if (Number(rows[0]?.newest ?? 0) <= known) return
  throw new LedgerError(
    `the ledger ${file} was written by a newer version of Forescale; start that version, or move the file away to begin a new ledger`,
  )
}

function databaseOf(client: Client, db: Db): Database {
  let token: number | undefined
  return {
    db,
    tables: schema,
    insert: insertPlaces,
    restore: (table, rows) => insertPlaces(table, rows, '', allColumnsOf(table)),
    afterRestore: () => [],
    snapshot: (read) => snapshotOf(client, read),
    fence(next) {
      token = next
    },
    async write(statements) {
      if (statements.length === 0) return []
      const fence = token === undefined ? [] : [{ sql: FENCE, args: [token] }]
      try {
        const results = await client.batch([...fence, ...statements].map(toLibsql), 'write')
        return results.slice(fence.length).map((result) => result.rowsAffected)
      } catch (cause) {
        if (!messageOf(cause).includes('meta.value')) throw cause
        throw new Fenced(`token ${token} is no longer the newest`, { cause })
      }
    },
    async rows(statement) {
      return (await client.execute(toLibsql(statement))).rows
    },
    ...spaceOf(client),
    listHolds: (document, key, value) =>
      sql`EXISTS (SELECT 1 FROM json_each(${document}, ${`$.${key}`}) WHERE value = ${value})`,
    async close() {
      client.close()
    },
  }
}

const ROWS_AT_ONCE = 500

async function snapshotOf(client: Client, read: (rowsOf: RowsOf) => Promise<void>): Promise<void> {
  const tx = await client.transaction('read')
  async function* rowsOf(table: SQLiteTable) {
    const columns = allColumnsOf(table)
    for (let last = 0; ; ) {
      const { rows } = await tx.execute({
        sql: `SELECT rowid AS place, * FROM "${getTableName(table)}" WHERE rowid > ? ORDER BY rowid LIMIT ?`,
        args: [last, ROWS_AT_ONCE],
      })
      if (rows.length === 0) return
      yield rows.map((row) => fromDriver(columns, row))
      last = Number(rows.at(-1)!.place)
    }
  }
  try {
    await read(rowsOf)
  } finally {
    tx.close()
  }
}

const toLibsql = ({ sql: text, args }: Statement) => ({ sql: text, args: [...args] as InValue[] })

const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
