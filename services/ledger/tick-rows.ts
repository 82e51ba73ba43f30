/** Ticks as rows: what `openTick` writes in one transaction, and how it is read again. */
import { Decision } from '../../coordinator/decision.ts'
import type { Database } from './database.ts'
import { decisionRow } from './decision-rows.ts'
import { and, desc, eq, getTableColumns, lt, lte } from './drizzle.ts'
import { forecastRow, readForecast } from './forecast-rows.ts'
import type { Ledger, TickRecord } from './ledger.ts'
import { LedgerError } from './ledger.ts'
import type * as schema from './schema.ts'

export function tickRows({ db, tables, insert, write }: Database) {
  const { ticks, decisions, forecasts } = tables
  return {
    async openTick(tick, rows, documents) {
      const statements = [
        ...insert(ticks, [{ ...tick, inputs: Buffer.from(tick.inputs) }]),
        ...insert(decisions, rows.map(decisionRow)),
        ...insert(
          forecasts,
          documents.map((document) => forecastRow(document, tick.atMs)),
        ),
      ]
      try {
        await write(statements)
      } catch (cause) {
        if (cause instanceof LedgerError) throw cause
        throw new LedgerError(`tick ${tick.tick} could not be recorded; nothing of it was`, {
          cause,
        })
      }
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
      const { inputs: _, ...columns } = getTableColumns(ticks)
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
      return row && readForecast(row)
    },
  } satisfies Partial<Ledger>
}

const readTick = (row: typeof schema.ticks.$inferSelect): TickRecord => ({
  ...row,
  boundBy: Decision.shape.boundBy.parse(row.boundBy),
  inputs: new Uint8Array(row.inputs),
})
