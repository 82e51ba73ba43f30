/**
 * The embedded ledger: one SQLite file by drizzle over libsql, WAL with synchronous=FULL, so that what is written
 * before an effect is still there after a power cut. Migrations run forward at opening.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Client, createClient, type InStatement } from '@libsql/client'
import { and, asc, desc, eq, gte, inArray, lt, lte, ne, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { migrate } from 'drizzle-orm/libsql/migrator'
import { Decision, Settlement } from '../../coordinator/decision.ts'
import { ForecastDocument } from '../../forecaster/forecast.ts'
import type { Ledger, Setting, StoredDecision, StoredModel, TickRecord } from './ledger.ts'
import * as schema from './schema.ts'

const MIGRATIONS = fileURLToPath(new URL('migrations', import.meta.url))
const DECISIONS_A_STATEMENT = 200

export class LedgerError extends Error {}

type Db = ReturnType<typeof connect>
const connect = (client: Client) => drizzle(client, { schema })

/** `newEpoch` names the ledger when it is created; an existing one keeps its name. */
export async function openLibsqlLedger(folder: string, newEpoch: string): Promise<Ledger> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'ledger.db')
  const client = createClient({ url: `file:${file}` })
  try {
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000']) {
      await client.execute(`PRAGMA ${pragma}`)
    }
    const db = connect(client)
    await migrate(db, { migrationsFolder: MIGRATIONS })
    const epoch = await epochOf(db, newEpoch)
    return {
      epoch,
      ...tickRows(client, db),
      ...decisionRows(db),
      ...memoryRows(db),
      ...houseKeeping(client, db),
    }
  } catch (cause) {
    throw new LedgerError(
      `cannot open the ledger ${file}: it is damaged, or from a newer version`,
      { cause },
    )
  }
}

/** Made once with the ledger; part of every decision's id. */
async function epochOf(db: Db, newEpoch: string): Promise<string> {
  await db.insert(schema.meta).values({ key: 'epoch', value: newEpoch }).onConflictDoNothing()
  const [row] = await db.select().from(schema.meta).where(eq(schema.meta.key, 'epoch'))
  return row!.value
}

const readDecision = (row: typeof schema.decisions.$inferSelect): StoredDecision => {
  const { seq: _, settlement, settledAtMs, detail, ...decision } = row
  return {
    ...Decision.parse(decision),
    settlement: Settlement.parse(settlement),
    settledAtMs,
    detail,
  }
}

const readTick = (row: typeof schema.ticks.$inferSelect): TickRecord => ({
  ...row,
  boundBy: Decision.shape.boundBy.parse(row.boundBy),
  inputs: new Uint8Array(row.inputs),
})

function tickRows(client: Client, db: Db) {
  const { ticks, decisions, forecasts } = schema
  return {
    async openTick(tick, rows, documents) {
      const statements: InStatement[] = [
        db
          .insert(ticks)
          .values({ ...tick, inputs: Buffer.from(tick.inputs) })
          .toSQL(),
      ].map(toStatement)
      for (let start = 0; start < rows.length; start += DECISIONS_A_STATEMENT) {
        const values = rows.slice(start, start + DECISIONS_A_STATEMENT).map((d) => ({
          ...d,
          settlement: d.settlement ?? 'pending',
          settledAtMs: d.settlement && d.settlement !== 'pending' ? d.atMs : null,
        }))
        statements.push(toStatement(db.insert(decisions).values(values).toSQL()))
      }
      for (const document of documents) {
        const { service, metric } = document
        statements.push(
          toStatement(
            db
              .insert(forecasts)
              .values({ service, metric, atMs: tick.atMs, document })
              .onConflictDoNothing()
              .toSQL(),
          ),
        )
      }
      await client.batch(statements, 'write')
    },
    async lastTick() {
      const [row] = await db.select().from(ticks).orderBy(desc(ticks.tick)).limit(1)
      return row && readTick(row)
    },
    async tick(n) {
      const [row] = await db.select().from(ticks).where(eq(ticks.tick, n))
      return row && readTick(row)
    },
    async ticks({ limit, cursor }) {
      const { inputs: _, ...columns } = columnsOf(ticks)
      const rows = await db
        .select(columns)
        .from(ticks)
        .where(cursor === undefined ? undefined : lt(ticks.tick, Number(cursor)))
        .orderBy(desc(ticks.tick))
        .limit(limit + 1)
      const items = rows
        .slice(0, limit)
        .map((row) => ({ ...row, boundBy: Decision.shape.boundBy.parse(row.boundBy) }))
      return { items, next: rows.length > limit ? String(items.at(-1)!.tick) : undefined }
    },
    async forecast(service, metric, atMs) {
      const [row] = await db
        .select()
        .from(forecasts)
        .where(
          and(
            eq(forecasts.service, service),
            eq(forecasts.metric, metric),
            lte(forecasts.atMs, atMs),
          ),
        )
        .orderBy(desc(forecasts.atMs))
        .limit(1)
      return row && ForecastDocument.parse(row.document)
    },
  } satisfies Partial<Ledger>
}

const columnsOf = (table: typeof schema.ticks) => ({
  tick: table.tick,
  atMs: table.atMs,
  epoch: table.epoch,
  costBudgetPerHour: table.costBudgetPerHour,
  spendPerHour: table.spendPerHour,
  shadowPrice: table.shadowPrice,
  feasible: table.feasible,
  boundBy: table.boundBy,
  configHash: table.configHash,
  durationMs: table.durationMs,
  inputs: table.inputs,
  outputsHash: table.outputsHash,
})

const toStatement = ({ sql: text, params }: { sql: string; params: unknown[] }): InStatement => ({
  sql: text,
  args: params as NonNullable<Exclude<InStatement, string>['args']>,
})

function decisionRows(db: Db) {
  const { decisions } = schema
  return {
    async settle(rows) {
      await db.transaction(async (tx) => {
        for (const { id, settlement, atMs, detail } of rows) {
          await tx
            .update(decisions)
            .set({ settlement, settledAtMs: atMs, detail: detail ?? null })
            .where(eq(decisions.id, id))
        }
      })
    },
    async decision(id) {
      const [row] = await db.select().from(decisions).where(eq(decisions.id, id))
      return row && readDecision(row)
    },
    async decisions({ service, fromMs, toMs, changesOnly, limit, cursor }) {
      const rows = await db
        .select()
        .from(decisions)
        .where(
          and(
            service === undefined ? undefined : eq(decisions.service, service),
            fromMs === undefined ? undefined : gte(decisions.atMs, fromMs),
            toMs === undefined ? undefined : lt(decisions.atMs, toMs),
            changesOnly ? ne(decisions.from, decisions.to) : undefined,
            cursor === undefined ? undefined : lt(decisions.seq, Number(cursor)),
          ),
        )
        .orderBy(desc(decisions.seq))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(readDecision),
        next: rows.length > limit ? String(shown.at(-1)!.seq) : undefined,
      }
    },
    async decisionsOfTick(tick) {
      return (
        await db
          .select()
          .from(decisions)
          .where(eq(decisions.tick, tick))
          .orderBy(asc(decisions.seq))
      ).map(readDecision)
    },
    async pendingDecisions() {
      return (
        await db
          .select()
          .from(decisions)
          .where(eq(decisions.settlement, 'pending'))
          .orderBy(asc(decisions.seq))
      ).map(readDecision)
    },
  } satisfies Partial<Ledger>
}

function memoryRows(db: Db) {
  const { models, outcomes, checkpoints, settings } = schema
  return {
    async saveModel(model) {
      await db
        .insert(models)
        .values({ service: model.service, fittedAtMs: model.fittedAtMs, document: model })
    },
    async models(service) {
      const rows = await db
        .select()
        .from(models)
        .where(service === undefined ? undefined : eq(models.service, service))
        .orderBy(desc(models.seq))
      return rows.map((row) => row.document as StoredModel)
    },
    async saveOutcomes(rows) {
      if (rows.length > 0)
        await db
          .insert(outcomes)
          .values([...rows])
          .onConflictDoNothing()
    },
    async outcomes({ service, fromMs, toMs }) {
      const within = and(gte(outcomes.atMs, fromMs), lt(outcomes.atMs, toMs))
      return db
        .select()
        .from(outcomes)
        .where(service === undefined ? within : and(within, eq(outcomes.service, service)))
        .orderBy(asc(outcomes.atMs))
    },
    async checkpoint(key, value, atMs) {
      await db
        .insert(checkpoints)
        .values({ key, value, atMs })
        .onConflictDoUpdate({ target: checkpoints.key, set: { value, atMs } })
    },
    async restore(key) {
      const [row] = await db.select().from(checkpoints).where(eq(checkpoints.key, key))
      return row?.value
    },
    async putSetting(setting) {
      await db.insert(settings).values(setting)
    },
    async settings() {
      const newest = db
        .select({ seq: sql<number>`max(${settings.seq})` })
        .from(settings)
        .groupBy(settings.key)
      return (await db.select().from(settings).where(inArray(settings.seq, newest))).map(
        readSetting,
      )
    },
    async settingHistory(key) {
      return (
        await db.select().from(settings).where(eq(settings.key, key)).orderBy(desc(settings.seq))
      ).map(readSetting)
    },
  } satisfies Partial<Ledger>
}

const readSetting = ({ seq: _, ...setting }: typeof schema.settings.$inferSelect): Setting =>
  setting

function houseKeeping(client: Client, db: Db) {
  const { ticks, decisions, forecasts, outcomes } = schema
  return {
    async prune(beforeMs) {
      await db.batch([
        db.delete(ticks).where(lt(ticks.atMs, beforeMs)),
        db.delete(decisions).where(lt(decisions.atMs, beforeMs)),
        db.delete(forecasts).where(lt(forecasts.atMs, beforeMs)),
        db.delete(outcomes).where(lt(outcomes.atMs, beforeMs)),
      ])
    },
    async close() {
      client.close()
    },
  } satisfies Partial<Ledger>
}
