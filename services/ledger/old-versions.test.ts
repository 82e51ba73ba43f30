/**
 * A ledger of every earlier version opens with today's program, on both engines: nothing is lost, everything can be read
 * and written, the audit log's chain holds. Each migration has its fixture, and stays as it was when that was made.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AuditRow, faultOf } from '../audit/chain.ts'
import { backup } from './backup.ts'
import { openLedgerDatabase } from './databases.ts'
import type { Ledger } from './ledger.ts'
import { openLedger } from './registry.ts'
import { LEDGER_KINDS, type LedgerKind, type Place } from './test-kinds.ts'
import { fixturesFolder, migrationsFolder, migrationsOf } from './test-old-ledgers.ts'
import { decisionOf, forecastOf, tickOf } from './test-rows.ts'

type Row = Readonly<Record<string, unknown>>
type Contents = Readonly<Record<string, readonly Row[]>>

/** Tables that a later version dropped, and the one that holds their rows since. */
const MOVED: Readonly<Record<string, string>> = { models: 'model_versions' }

const TABLES: Readonly<Record<LedgerKind['kind'], string>> = {
  embedded: `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`,
  postgresql: `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
}

async function contentsOf(kind: LedgerKind, { sql }: Place): Promise<Contents> {
  const tables = (await sql(TABLES[kind.kind])).map(({ name }) => String(name))
  const read = tables.map(async (name) => [name, await sql(`SELECT * FROM "${name}"`)] as const)
  return Object.fromEntries(await Promise.all(read))
}

/** Every value of `before` stands in a row of today, in the column where it stood. */
function expectKept(before: Contents, after: Contents): void {
  for (const [table, rows] of Object.entries(before)) {
    const moved = MOVED[table]
    if (moved !== undefined && after[table] === undefined) {
      expect(after[moved]?.length, table).toBeGreaterThanOrEqual(rows.length)
      continue
    }
    expect(after[table]?.length, table).toBeGreaterThanOrEqual(rows.length)
    for (const row of rows) expect(after[table], table).toContainEqual(expect.objectContaining(row))
  }
}

async function chainOf(ledger: Ledger): Promise<readonly AuditRow[]> {
  const rows = await ledger.auditAfter(0, 1000)
  expect(rows.map((row, i) => faultOf(rows[i - 1], row)).filter(Boolean)).toEqual([])
  return rows
}

/** What a controller reads when it takes a ledger up. */
async function readAll(ledger: Ledger) {
  return {
    epoch: ledger.epoch,
    lastTick: (await ledger.lastTick())?.tick,
    pending: (await ledger.pendingDecisions()).map(({ service }) => service),
    decisions: (await ledger.decisions({ limit: 9 })).items.length,
    forecast: await ledger.forecast('a', 'requests_per_second', tickOf(2).atMs),
    outcomes: (await ledger.outcomes({ fromMs: 0, toMs: 1e15 })).length,
    settings: (await ledger.settings()).map(({ key, value }) => [key, value]),
    models: (await ledger.models({ limit: 9 })).items.length,
  }
}
const READ = {
  ...{ epoch: 'of an earlier version', lastTick: 2, pending: ['b'], decisions: 2 },
  ...{
    forecast: forecastOf('a', 7),
    outcomes: 1,
    settings: [['costBudgetPerHour', 12]],
    models: 1,
  },
}

describe.each(LEDGER_KINDS)('$kind', (kind) => {
  beforeAll(() => kind.start())
  afterAll(() => kind.stop())

  it('has a fixture of every migration, and none else (else: node services/ledger/write-fixtures.ts)', () => {
    const there = readdirSync(fixturesFolder(kind.kind)).map((file) => path.parse(file).name)
    expect(there.sort()).toEqual(migrationsOf(kind.kind).sort())
  })

  it.each(migrationsOf(kind.kind))('a ledger at %s opens, whole, and goes on', async (tag) => {
    const place = await kind.place()
    await place.load(tag)
    const before = await contentsOf(kind, place)
    // a fixture that is empty loses nothing
    for (const [table, rows] of Object.entries(before)) {
      if (table !== 'models' || tag < '0004') expect(rows, table).not.toEqual([])
    }
    const known = readMigrationFiles({ migrationsFolder: migrationsFolder(kind.kind) })
    const made = before.__drizzle_migrations!.map(({ hash }) => hash)
    expect(made, 'a migration that is out in the world was changed').toEqual(
      known.slice(0, migrationsOf(kind.kind).indexOf(tag) + 1).map(({ hash }) => hash),
    )

    const ledger = await openLedger(place.config, place.folder)
    expectKept(before, await contentsOf(kind, place))
    expect(await readAll(ledger)).toEqual(READ)
    const rows = before.audit?.length ?? 0
    expect(await chainOf(ledger)).toHaveLength(rows)
    await ledger.openTick(tickOf(3), [decisionOf(3, 'a')], [forecastOf('a', 9)])
    const detail = { costBudgetPerHour: 1 }
    await ledger.appendAudit({
      atMs: 1,
      actor: 'key:ci',
      action: 'budget.change',
      target: null,
      detail,
    })
    expect(await chainOf(ledger)).toHaveLength(rows + 1)
    expect((await ledger.lastTick())?.tick).toBe(3)
    await ledger.close()

    const database = await openLedgerDatabase(place.config, place.folder)
    const report = await backup(database, null)
    await database.close()
    // every row of every table is read as today's program has it
    expect(report.rowsByTable).toMatchObject({
      ticks: 3,
      decisions: 3,
      forecasts: 2,
      audit: rows + 1,
    })
    await place.remove()
  })
})
