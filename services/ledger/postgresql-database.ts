/**
 * The ledger's schema in PostgreSQL: connections, migrations, and transactions that are tried again when the server says
 * that another one was in the way. Migrations run forward only; what a newer version wrote is refused.
 */
import { fileURLToPath } from 'node:url'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import pg from 'pg'
import { type Database, type Db, LEASE, type RowsOf, type Statement } from './database.ts'
import { getTableName, readMigrationFiles, sql } from './drizzle.ts'
import { migratePostgresql, nodePostgres } from './drizzle-postgresql.ts'
import { allColumnsOf, fillsItself, fromDriver, insertArrays } from './insert-rows.ts'
import { Fenced, LedgerError } from './ledger.ts'
import { isConflict, ledgerErrorOf } from './postgresql-errors.ts'
import { spaceOf } from './postgresql-space.ts'
import type * as shapes from './schema.ts'
import * as schema from './schema-postgresql.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations-postgresql', import.meta.url))
const MIGRATIONS_TABLE = '__drizzle_migrations'
/** A client waits a little longer than the server, whose answer says more. */
const ANSWER_MARGIN_MS = 1000
const MOST_TRIES = 8
const FIRST_BACKOFF_MS = 5

export interface PostgresqlOptions {
  readonly url: string
  readonly schema: string
  readonly ssl: pg.PoolConfig['ssl']
  readonly connections: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** Throws LedgerUnavailable when the server does not answer, LedgerError when it refuses or is of a newer version. */
export async function openPostgresql(options: PostgresqlOptions): Promise<Database> {
  const pool = new pg.Pool(poolConfig(options))
  // a connection that breaks while nobody uses it is replaced when the next one is needed
  pool.on('error', () => {})
  // one that breaks in the middle of a transaction fails its next query, which is where it is dealt with
  pool.on('connect', (client) => client.on('error', () => {}))
  try {
    await migrateForward(pool, options.schema)
    return databaseOf(pool)
  } catch (error) {
    await pool.end()
    throw ledgerErrorOf(error)
  }
}

function poolConfig({ url, schema: name, ssl, ...limits }: PostgresqlOptions): pg.PoolConfig {
  const { connections, connectTimeoutMs, statementTimeoutMs } = limits
  return {
    connectionString: url,
    ssl,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
    statement_timeout: statementTimeoutMs,
    // a writer that was stopped in the middle of a transaction must not keep the lease's row
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    application_name: 'forescale',
    options: `-c search_path=${name}`,
  }
}

/** One process at a time: several may start at once. */
async function migrateForward(pool: pg.Pool, name: string): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [`forescale:${name}`])
    await refuseNewer(client, name)
    await migratePostgresql(nodePostgres(client), {
      migrationsFolder: MIGRATIONS,
      migrationsTable: MIGRATIONS_TABLE,
      migrationsSchema: name,
    })
  } finally {
    client.release(true) // its lock goes with it
  }
}

async function refuseNewer(client: pg.ClientBase, name: string): Promise<void> {
  const table = `"${name}"."${MIGRATIONS_TABLE}"`
  const { rows } = await client.query('SELECT to_regclass($1) AS found', [table])
  if (rows[0].found === null) return
  const { rows: newest } = await client.query(`SELECT max(created_at) AS newest FROM ${table}`)
  const known = readMigrationFiles({ migrationsFolder: MIGRATIONS }).at(-1)!.folderMillis
  if (Number(newest[0].newest ?? 0) <= known) return
  throw new LedgerError(
    `the ledger in schema ${name} was written by a newer version of Forescale; start that version, or name another schema`,
  )
}

function databaseOf(pool: pg.Pool): Database {
  // drizzle's builders have the same shape in both dialects; conformance.test.ts holds them to it
  const db = nodePostgres(pool, { schema }) as unknown as Db
  let token: number | undefined
  return {
    db,
    tables: schema as unknown as typeof shapes,
    insert: insertArrays,
    restore: (table, rows) => insertArrays(table, rows, '', allColumnsOf(table)),
    afterRestore: countersOf,
    snapshot: (read) => snapshotOf(pool, read),
    fence(next) {
      token = next
    },
    async write(statements) {
      if (statements.length === 0) return []
      return again(() => inTransaction(pool, token, statements))
    },
    async rows(statement) {
      return (await pool.query(toPg(statement))).rows
    },
    ...spaceOf(async (text) => (await pool.query(text)).rows[0] ?? {}),
    listHolds: (document, key, value) =>
      sql`EXISTS (SELECT 1 FROM json_array_elements_text(${document} -> ${key}::text) AS item WHERE item = ${value})`,
    close: () => pool.end(),
  }
}

/** What fills itself goes on after the rows that were restored. */
function countersOf(table: SQLiteTable): Statement[] {
  const name = getTableName(table)
  return allColumnsOf(table)
    .filter(([, column]) => fillsItself(column))
    .map(([, column]) => ({
      sql: `SELECT setval(pg_get_serial_sequence('${name}', '${column.name}'), max("${column.name}")) FROM "${name}"`,
      args: [],
    }))
}

const ROWS_AT_ONCE = 500

async function snapshotOf(pool: pg.Pool, read: (rowsOf: RowsOf) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  async function* rowsOf(table: SQLiteTable) {
    const columns = allColumnsOf(table)
    const keys = columns.filter(([, column]) => column.primary).map(([, column]) => column.name)
    const order = keys.length > 0 ? ` ORDER BY ${keys.map((key) => `"${key}"`).join(', ')}` : ''
    await client.query(`DECLARE reading CURSOR FOR SELECT * FROM "${getTableName(table)}"${order}`)
    for (;;) {
      const { rows } = await client.query(`FETCH ${ROWS_AT_ONCE} FROM reading`)
      if (rows.length === 0) break
      yield rows.map((row) => fromDriver(columns, row))
    }
    await client.query('CLOSE reading')
  }
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await read(rowsOf)
    await client.query('COMMIT')
  } finally {
    client.release(true)
  }
}

async function inTransaction(
  pool: pg.Pool,
  token: number | undefined,
  statements: readonly Statement[],
): Promise<number[]> {
  const client = await pool.connect()
  let broken: unknown
  try {
    await client.query('BEGIN')
    if (token !== undefined) await passFence(client, token)
    const changed: number[] = []
    for (const statement of statements) {
      const { rowCount } = await client.query(toPg(statement))
      changed.push(rowCount ?? 0)
    }
    await client.query('COMMIT')
    return changed
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: unknown) => {
      broken = failure
    })
    throw error
  } finally {
    client.release(broken !== undefined)
  }
}

/** The row stays as it is until this transaction has ended: nobody becomes leader in the middle of it. */
async function passFence(client: pg.ClientBase, token: number): Promise<void> {
  const { rowCount } = await client.query(
    'SELECT 1 FROM leases WHERE name = $1 AND token = $2 FOR SHARE',
    [LEASE, token],
  )
  if (rowCount === 0) throw new Fenced(`token ${token} is no longer the newest`)
}

/** Transactions that were in one another's way are tried again, some time apart. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === MOST_TRIES || !isConflict(error)) throw ledgerErrorOf(error)
    }
    const waitMs = FIRST_BACKOFF_MS * 2 ** tries * (1 + Math.random())
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}

/** `?` and `?1` as PostgreSQL writes them. Throws TypeError for what the driver would take for NULL. */
function toPg({ sql: text, args }: Statement): { text: string; values: unknown[] } {
  if (args.includes(undefined)) throw new TypeError(`an argument is undefined in ${text}`)
  let next = 0
  const numbered = text.replaceAll(/\?(\d*)/g, (_, number: string) => `$${number || ++next}`)
  return { text: numbered, values: [...args] }
}
