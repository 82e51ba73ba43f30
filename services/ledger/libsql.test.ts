/** The ledger's file: what is refused when it is opened, and that migrations and schema say the same. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@libsql/client'
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LedgerError } from './ledger.ts'
import { openLibsqlLedger } from './libsql.ts'
import * as schema from './schema.ts'
import { decisionOf, forecastOf, modelOf, TICK_MS, tickOf } from './test-rows.ts'

const MIGRATIONS = new URL('migrations/', import.meta.url).pathname

interface Journal {
  readonly entries: readonly { idx: number; tag: string }[]
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-ledger-file-'))
  file = path.join(folder, 'ledger.db')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function refusal(): Promise<LedgerError> {
  const error = await openLibsqlLedger(folder, 'epoch').then(
    () => undefined,
    (thrown) => thrown,
  )
  expect(error).toBeInstanceOf(LedgerError)
  return error
}

async function run(sql: string) {
  const client = createClient({ url: `file:${file}` })
  const { rows } = await client.execute(sql)
  client.close()
  return rows.map((row) => ({ ...row }))
}

/** All that the file says, whether a log beside it was written back into it or not. */
async function contents() {
  const tables = await run(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name`)
  const rows = []
  for (const { name } of tables) rows.push(await run(`SELECT * FROM "${name}"`))
  return { tables, rows }
}

describe('a file', () => {
  it('that is damaged is refused by name, and left as it is', async () => {
    const text = 'no database '.repeat(1000)
    await writeFile(file, text)
    const error = await refusal()
    expect(error.message).toContain(file)
    expect(error.message).toMatch(/damaged/)
    expect(error.cause).toBeInstanceOf(Error)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('whose header was overwritten is refused', async () => {
    await (await openLibsqlLedger(folder, 'epoch')).close()
    const bytes = await readFile(file)
    await writeFile(file, bytes.fill(0x5a, 0, 64))
    await rm(`${file}-wal`, { force: true }) // it may hold the page still, and heal the file
    expect((await refusal()).message).toMatch(/damaged/)
  })

  it('that is a folder is refused', async () => {
    await cp(MIGRATIONS, file, { recursive: true })
    expect((await refusal()).message).toContain(file)
  })

  it('of another program is refused', async () => {
    await run('CREATE TABLE ticks (tempo TEXT)')
    expect((await refusal()).message).toMatch(/no ledger/)
  })

  it('that a newer version wrote is refused in words that help, and left as it is', async () => {
    await (await openLibsqlLedger(folder, 'epoch')).close()
    await run(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 99999999999999)`)
    const before = await contents()
    expect(before.rows.flat()).toContainEqual(expect.objectContaining({ hash: 'x' }))
    expect((await refusal()).message).toMatch(/written by a newer version .* move the file away/)
    expect(await contents()).toEqual(before)
  })

  it('keeps its epoch, whatever a later opening would have named it', async () => {
    await (await openLibsqlLedger(folder, 'first')).close()
    const again = await openLibsqlLedger(folder, 'second')
    expect(again.epoch).toBe('first')
    await again.close()
  })
})

describe('migrations', () => {
  it('say what the schema says', async () => {
    const journal: Journal = JSON.parse(await readFile(`${MIGRATIONS}meta/_journal.json`, 'utf8'))
    const newest = String(journal.entries.at(-1)!.idx).padStart(4, '0')
    const snapshot = JSON.parse(await readFile(`${MIGRATIONS}meta/${newest}_snapshot.json`, 'utf8'))
    const now = await generateSQLiteDrizzleJson({ ...schema }, snapshot.id)
    expect(await generateSQLiteMigration(snapshot, now)).toEqual([])
  })

  it('bring a ledger of the first version up to date with all that it holds', async () => {
    const journalFile = path.join(folder, 'migrations/meta/_journal.json')
    await cp(MIGRATIONS, path.join(folder, 'migrations'), { recursive: true })
    const journal: Journal = JSON.parse(await readFile(journalFile, 'utf8'))
    await writeFile(
      journalFile,
      JSON.stringify({ ...journal, entries: journal.entries.slice(0, 1) }),
    )
    const client = createClient({ url: `file:${file}` })
    await migrate(drizzle(client), { migrationsFolder: path.join(folder, 'migrations') })
    await client.execute(`INSERT INTO meta VALUES ('epoch', 'of the first version')`)
    await client.execute(`INSERT INTO ticks VALUES
      (1, ${tickOf(1).atMs}, 'e', 10, 1, 0, 1, 'none', 'c', 5, x'0102', 'h')`)
    const written = forecastOf('a', 7)
    await client.execute({
      sql: 'INSERT INTO forecasts VALUES (?, ?, ?, ?)',
      args: [written.service, written.metric, tickOf(1).atMs, JSON.stringify(written)],
    })
    const { kind, version, quality, contest, fromMs, toMs } = modelOf('a', 3)
    const document = { metric: written.metric, kind, version, quality, contest, fromMs, toMs }
    for (const fittedAtMs of [3, 7])
      await client.execute({
        sql: 'INSERT INTO models (service, fitted_at_ms, document) VALUES (?, ?, ?)',
        args: ['a', fittedAtMs, JSON.stringify({ ...document, service: 'a', fittedAtMs })],
      })
    client.close()

    const ledger = await openLibsqlLedger(folder, 'epoch')
    expect(ledger.epoch).toBe('of the first version')
    expect((await ledger.lastTick())!.inputs).toEqual(new Uint8Array([1, 2]))
    await ledger.openTick(tickOf(2), [decisionOf(2, 'a')], [forecastOf('a')])
    expect(await ledger.forecast('a', written.metric, tickOf(1).atMs)).toStrictEqual(written)
    expect(await ledger.forecast('a', written.metric, tickOf(2).atMs)).toStrictEqual(
      forecastOf('a'),
    )
    expect((await ledger.lastTick())!.tick).toBe(2)
    expect((await ledger.models({ limit: 9 })).items).toMatchObject([
      { number: 2, fittedAtMs: 7, parent: 1, reason: 'scheduled' },
      {
        ...{ number: 1, fittedAtMs: 3, parent: null, reason: 'first', kind, quality, contest },
        ...{ status: 'retired', steps: 4, stepMs: TICK_MS, hasArtifact: false },
      },
    ])
    await ledger.close()
  })
})
