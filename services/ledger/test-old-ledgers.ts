/**
 * Ledgers as earlier versions left them: one SQL file for every migration, made once by the migrations up to it with rows
 * in all tables of that version, and kept. `node services/ledger/write-fixtures.ts` makes those that are missing.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@libsql/client'
import { drizzle as libsql } from 'drizzle-orm/libsql'
import { migrate as migrateLibsql } from 'drizzle-orm/libsql/migrator'
import { drizzle as nodePostgres } from 'drizzle-orm/node-postgres'
import { migrate as migratePostgresql } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { LedgerConfig } from './config.ts'
import { OLD_ROWS, type OldRow, type OldValue } from './test-old-rows.ts'
import { postgresBinaries, type TestPostgres } from './test-postgres.ts'

type KindName = LedgerConfig['kind']
const HERE = new URL('.', import.meta.url).pathname
const MIGRATIONS: Readonly<Record<KindName, string>> = {
  embedded: path.join(HERE, 'migrations'),
  postgresql: path.join(HERE, 'migrations-postgresql'),
}
const MIGRATIONS_TABLE = '__drizzle_migrations'
/** Of the schema in the files. */
const SCHEMA = 'forescale'
/** Who owns the tables in the files, as in test-kinds.ts. */
export const OWNER = 'service'

interface Journal {
  readonly entries: readonly { readonly tag: string }[]
}

/** Names of the migrations in their order. */
export const migrationsOf = (kind: KindName): string[] =>
  journalOf(kind).entries.map(({ tag }) => tag)

const journalOf = (kind: KindName): Journal =>
  JSON.parse(readFileSync(path.join(MIGRATIONS[kind], 'meta/_journal.json'), 'utf8'))

export const migrationsFolder = (kind: KindName): string => MIGRATIONS[kind]
export const fixturesFolder = (kind: KindName): string => path.join(HERE, 'fixtures', kind)
export const fixtureOf = (kind: KindName, tag: string): string =>
  path.join(fixturesFolder(kind), `${tag}.sql`)

/** Puts the ledger of that version into a file that does not exist yet. */
export async function loadEmbedded(file: string, tag: string): Promise<void> {
  const client = createClient({ url: `file:${file}` })
  try {
    await client.executeMultiple(readFileSync(fixtureOf('embedded', tag), 'utf8'))
  } finally {
    client.close()
  }
}

/** Puts the ledger of that version into `schema`, which does not exist yet. */
export async function loadPostgresql(server: TestPostgres, schema: string, tag: string) {
  await server.query(readFileSync(fixtureOf('postgresql', tag), 'utf8'), OWNER)
  await server.query(`ALTER SCHEMA ${SCHEMA} RENAME TO ${schema}`, OWNER)
}

/** The folder's migrations as they were when `tag` was the newest. */
async function withMigrationsUpTo(
  kind: KindName,
  tag: string,
  work: (migrationsFolder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'forescale-migrations-'))
  try {
    cpSync(MIGRATIONS[kind], folder, { recursive: true })
    const journal = journalOf(kind)
    const upTo = journal.entries.findIndex((entry) => entry.tag === tag) + 1
    const cut = { ...journal, entries: journal.entries.slice(0, upTo) }
    writeFileSync(path.join(folder, 'meta/_journal.json'), JSON.stringify(cut))
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const header = (tag: string): string =>
  `-- A ledger at migration ${tag}, by node services/ledger/write-fixtures.ts; it stays as it is.\n`

export async function writeEmbedded(tag: string): Promise<void> {
  const client = createClient({ url: ':memory:' })
  const rowsOf = async (sql: string) => (await client.execute(sql)).rows
  try {
    await withMigrationsUpTo('embedded', tag, (migrationsFolder) =>
      migrateLibsql(libsql(client), { migrationsFolder, migrationsTable: MIGRATIONS_TABLE }),
    )
    await insertOldRows({
      columnsOf: async (table) =>
        (await rowsOf(`SELECT name FROM pragma_table_info('${table}')`)).map((row) =>
          String(row.name),
        ),
      insert: async (sql, values) => {
        await client.execute({ sql: sql.replaceAll(/\$\d+/g, '?'), args: values.map(toSqlite) })
      },
    })
    writeFileSync(fixtureOf('embedded', tag), header(tag) + (await dumpOf(rowsOf)))
  } finally {
    client.close()
  }
}

type RowsOf = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** Tables, their rows, then indexes and triggers, which rows must not meet. */
async function dumpOf(rowsOf: RowsOf): Promise<string> {
  const things = await rowsOf(
    `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
  )
  const lines: string[] = []
  for (const { name, sql } of things.filter(({ type }) => type === 'table')) {
    lines.push(`${sql};`)
    const columns = await rowsOf(`SELECT name FROM pragma_table_info('${name}')`)
    const quoted = columns.map((column) => `quote("${column.name}")`).join(` || ', ' || `)
    for (const row of await rowsOf(`SELECT ${quoted} AS line FROM "${name}" ORDER BY rowid`))
      lines.push(`INSERT INTO "${name}" VALUES (${row.line});`)
  }
  for (const { sql } of things.filter(({ type }) => type !== 'table')) lines.push(`${sql};`)
  return `${lines.join('\n')}\n`
}

export async function writePostgresql(server: TestPostgres, tag: string): Promise<void> {
  const client = new pg.Client({
    connectionString: server.urlOf(OWNER),
    options: `-c search_path=${SCHEMA}`,
  })
  await client.connect()
  try {
    await withMigrationsUpTo('postgresql', tag, (migrationsFolder) =>
      migratePostgresql(nodePostgres(client), {
        ...{ migrationsFolder, migrationsTable: MIGRATIONS_TABLE, migrationsSchema: SCHEMA },
      }),
    )
    await insertOldRows({
      columnsOf: async (table) => {
        const sql = `SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2`
        return (await client.query(sql, [SCHEMA, table])).rows.map((row) => row.column_name)
      },
      insert: async (sql, values) => void (await client.query(sql, values.map(toPostgresql))),
    })
    const args = ['--inserts', '--no-owner', '--no-comments', `--schema=${SCHEMA}`]
    const dump = execFileSync(
      path.join(postgresBinaries(), 'pg_dump'),
      [...args, server.urlOf(OWNER)],
      { encoding: 'utf8' },
    )
    writeFileSync(fixtureOf('postgresql', tag), header(tag) + statementsOf(dump))
    await client.query(`DROP SCHEMA ${SCHEMA} CASCADE`)
  } finally {
    await client.end()
  }
}

/** Without comments, psql's own commands and settings of the session, which are the same for any dump. */
function statementsOf(dump: string): string {
  const ours = dump
    .split('\n')
    .filter((line) => line !== '' && !/^(--|\\|SET |SELECT pg_catalog\.set_config)/.test(line))
  return `${ours.join('\n')}\n`
}

interface Inserting {
  columnsOf(table: string): Promise<readonly string[]>
  insert(sql: string, values: readonly OldValue[]): Promise<void>
}

/** Every table that this version has gets the columns that it has. */
async function insertOldRows({ columnsOf, insert }: Inserting): Promise<void> {
  // the registry took its place: whoever wrote the one no longer wrote the other
  const hasRegistry = (await columnsOf('model_versions')).length > 0
  for (const [table, rowsOf] of Object.entries(OLD_ROWS)) {
    const columns = await columnsOf(table)
    if (columns.length === 0 || (table === 'models' && hasRegistry)) continue
    for (const row of rowsOf()) await insertRow(insert, table, onlyOf(columns, row))
  }
}

const onlyOf = (columns: readonly string[], row: OldRow): OldRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name)))

async function insertRow(insert: Inserting['insert'], table: string, row: OldRow): Promise<void> {
  const names = Object.keys(row).map((name) => `"${name}"`)
  const places = names.map((_, i) => `$${i + 1}`)
  await insert(`INSERT INTO "${table}" (${names}) VALUES (${places})`, Object.values(row))
}

const isDocument = (value: OldValue): value is { readonly document: unknown } =>
  typeof value === 'object' && value !== null && 'document' in value

function toSqlite(value: OldValue): string | number | Uint8Array | null {
  if (isDocument(value)) return JSON.stringify(value.document)
  return typeof value === 'boolean' ? Number(value) : value
}

const toPostgresql = (value: OldValue): unknown => {
  if (isDocument(value)) return JSON.stringify(value.document)
  return value instanceof Uint8Array ? Buffer.from(value) : value
}

export const isThere = (kind: KindName, tag: string): boolean => existsSync(fixtureOf(kind, tag))
