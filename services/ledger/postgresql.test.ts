/** PostgreSQL's side of the ledger: the same schema as the embedded one, and what is refused when it is opened. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { getTableColumns, getTableName } from 'drizzle-orm'
import { type PgTable, getTableConfig as pgTableConfig } from 'drizzle-orm/pg-core'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PostgresqlConfig } from './config.ts'
import { LedgerError, LedgerUnavailable } from './ledger.ts'
import { openPostgresqlLedger } from './postgresql.ts'
import * as sqlite from './schema.ts'
import * as postgresql from './schema-postgresql.ts'
import { startPostgres, type TestPostgres } from './test-postgres.ts'
import { tickOf } from './test-rows.ts'

const MIGRATIONS = new URL('migrations-postgresql/', import.meta.url).pathname

let server: TestPostgres
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.close())

const configOf = (schema: string, over: object = {}) =>
  PostgresqlConfig.parse({ kind: 'postgresql', urlEnv: 'URL', schema, ...over })
const open = (schema: string, url = server.url, over: object = {}) =>
  openPostgresqlLedger(configOf(schema, over), 'epoch', { URL: url })

async function refusal(opening: Promise<unknown>): Promise<LedgerError> {
  const error = await opening.then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(LedgerError)
  return error
}

describe('the schema', () => {
  it('is the same as the embedded one: tables, columns, what may be missing, keys and indexes', () => {
    const shapeOf = (tables: object, configOf: (table: never) => Indexed) =>
      Object.entries(tables).map(([name, table]) => {
        const { indexes, primaryKeys } = configOf(table as never)
        return {
          name,
          table: getTableName(table),
          columns: Object.entries(getTableColumns(table as SQLiteTable)).map(([key, column]) => {
            const { name: inSql, notNull, primary, isUnique, hasDefault } = column
            const fillsItself =
              column.getSQLType() === 'bigint' ? 'generatedIdentity' in column : hasDefault
            return {
              key,
              inSql,
              notNull,
              primary,
              isUnique,
              fillsItself: primary && fillsItself === true,
            }
          }),
          indexes: indexes.map((index) => index.config.name).sort(),
          keys: primaryKeys.map((one) => one.columns.map((column) => column.name)),
        }
      })
    const embedded = shapeOf(
      { ...sqlite },
      (table: SQLiteTable) => getTableConfig(table) as Indexed,
    )
    const shared = shapeOf({ ...postgresql }, (table: PgTable) => pgTableConfig(table) as Indexed)
    const plain = (shape: typeof embedded) =>
      shape.map(({ columns, ...rest }) => ({
        ...rest,
        columns: columns.map(({ fillsItself: _, ...column }) => column),
      }))
    expect(plain(shared)).toEqual(plain(embedded))
    expect(embedded.length).toBeGreaterThan(15)
  })

  it('is what its migrations make', async () => {
    const journal = JSON.parse(await readFile(`${MIGRATIONS}meta/_journal.json`, 'utf8'))
    const newest = String(journal.entries.at(-1)!.idx).padStart(4, '0')
    const snapshot = JSON.parse(await readFile(`${MIGRATIONS}meta/${newest}_snapshot.json`, 'utf8'))
    const now = generateDrizzleJson({ ...postgresql }, snapshot.id)
    expect(await generateMigration(snapshot, now)).toEqual([])
  })
})

interface Indexed {
  readonly indexes: readonly { readonly config: { readonly name?: string } }[]
  readonly primaryKeys: readonly { readonly columns: readonly { readonly name: string }[] }[]
}

describe('opening', () => {
  it('keeps its epoch; another schema of the same database is another ledger', async () => {
    const first = await open('one')
    const again = await openPostgresqlLedger(configOf('one'), 'another', { URL: server.url })
    const other = await openPostgresqlLedger(configOf('two'), 'another', { URL: server.url })
    expect([first.epoch, again.epoch, other.epoch]).toEqual(['epoch', 'epoch', 'another'])
    await first.openTick(tickOf(1), [], [])
    expect((await again.lastTick())?.tick).toBe(1)
    expect(await other.lastTick()).toBeUndefined()
    for (const ledger of [first, again, other]) await ledger.close()
  })

  it('of what a newer version wrote is refused in words that help', async () => {
    await (await open('newer')).close()
    await server.query(
      `INSERT INTO newer.__drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)`,
    )
    expect((await refusal(open('newer'))).message).toMatch(
      /schema newer was written by a newer version/,
    )
  })

  it('where nobody answers, or too late, is LedgerUnavailable', async () => {
    const nobody = await refusal(open('x', 'postgresql://u@127.0.0.1:1/postgres'))
    expect(nobody).toBeInstanceOf(LedgerUnavailable)
    expect(nobody.message).toMatch(/does not answer .*ECONNREFUSED/)
  })

  it('reads the address from a file, and never repeats what stands there instead of one', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'forescale-url-'))
    const file = path.join(folder, 'url')
    const config = PostgresqlConfig.parse({ kind: 'postgresql', urlFile: file, schema: 'file' })
    await writeFile(file, `${server.url}\n`)
    await (await openPostgresqlLedger(config, 'epoch', {})).close()
    await writeFile(file, 's3cret')
    const error = await refusal(openPostgresqlLedger(config, 'epoch', {}))
    expect(error.message).toContain(file)
    expect(error.message).not.toContain('s3cret')
    await rm(folder, { recursive: true })
    expect((await refusal(openPostgresqlLedger(config, 'epoch', {}))).message).toContain('urlFile')
    expect((await refusal(open('x', ''))).message).toContain('URL')
  })

  it('asks for encryption when told to', async () => {
    const error = await open('tls', server.url, { ssl: 'require' }).catch((thrown) => thrown)
    expect(String(error)).toMatch(/SSL/)
  })
})

describe('a server that goes away', () => {
  it('fails calls with LedgerUnavailable, and is used again when it is back', async () => {
    const ledger = await open('away')
    await ledger.openTick(tickOf(1), [], [])
    await server.stopServer('immediate')
    const calls = [
      () => ledger.lastTick(),
      () => ledger.openTick(tickOf(2), [], []),
      () => ledger.lease.read(),
    ]
    for (const call of calls) expect(await refusal(call())).toBeInstanceOf(LedgerUnavailable)
    await server.startServer()
    expect((await ledger.lastTick())?.tick).toBe(1)
    await ledger.openTick(tickOf(2), [], [])
    await ledger.close()
  })

  it('breaks off a statement that waits too long for a lock, and answers the next', async () => {
    const ledger = await open('slow', server.url, { statementTimeoutMs: 300 })
    await ledger.openTick(tickOf(1), [], [])
    const locked = server.query('BEGIN; LOCK TABLE slow.ticks; SELECT pg_sleep(1.5); COMMIT')
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(await refusal(ledger.openTick(tickOf(2), [], []))).toBeInstanceOf(LedgerUnavailable)
    await locked
    await ledger.openTick(tickOf(2), [], [])
    expect((await ledger.lastTick())?.tick).toBe(2)
    await ledger.close()
  })
})
