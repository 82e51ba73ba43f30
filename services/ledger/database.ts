/**
 * The ledger's file opened and brought up to date. Migrations run forward only: a file that a newer version wrote is
 * refused, because this one would not know what its rows mean.
 */
import { fileURLToPath } from 'node:url'
import { type Client, createClient } from '@libsql/client'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import * as schema from './schema.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))
const MIGRATIONS_TABLE = '__drizzle_migrations'
const BUSY_LIMIT_MS = 5000

export class LedgerError extends Error {}

const withSchema = (client: Client) => drizzle(client, { schema })
export type Db = ReturnType<typeof withSchema>

/** Throws LedgerError when `file` is damaged, is no ledger, or was written by a newer version. */
export async function openDatabase(file: string): Promise<{ client: Client; db: Db }> {
  let client: Client | undefined
  try {
    // pragmas hold for one connection, so there is only one
    client = createClient({ url: `file:${file}`, timeout: BUSY_LIMIT_MS, concurrency: 1 })
    await client.execute('PRAGMA journal_mode = WAL')
    await client.execute('PRAGMA synchronous = FULL')
    await refuseNewer(client, file)
    const db = withSchema(client)
    await migrate(db, { migrationsFolder: MIGRATIONS, migrationsTable: MIGRATIONS_TABLE })
    return { client, db }
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

const messageOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause)
