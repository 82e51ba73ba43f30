/** Decisions as rows: how they are written with their tick, settled later, and read again. */
import { Decision, Settlement } from '../../coordinator/decision.ts'
import { chunks, type Database, type Statement } from './database.ts'
import { and, asc, desc, eq, gte, lt, ne } from './drizzle.ts'
import type { Ledger, StoredDecision } from './ledger.ts'
import type * as schema from './schema.ts'

const SETTLED_A_STATEMENT = 500

/** A decision without a settlement of its own is pending. */
export function decisionRow(
  decision: Decision & { readonly settlement?: Settlement },
): typeof schema.decisions.$inferInsert {
  const settlement = decision.settlement ?? 'pending'
  return {
    ...decision,
    settlement,
    settledAtMs: settlement === 'pending' ? null : decision.atMs,
    detail: null,
  }
}

export function decisionRows({ db, tables, write }: Database) {
  const { decisions } = tables
  return {
    async settle(rows) {
      const statements = chunks(rows, SETTLED_A_STATEMENT).map(
        (chunk): Statement => ({
          sql: `UPDATE decisions SET settlement = v.column2,
                  settled_at_ms = CAST(v.column3 AS DOUBLE PRECISION), detail = v.column4
                FROM (VALUES ${chunk.map(() => '(?, ?, ?, ?)').join(', ')}) AS v WHERE decisions.id = v.column1`,
          args: chunk.flatMap(({ id, settlement, atMs, detail }) => [
            id,
            settlement,
            atMs,
            detail ?? null,
          ]),
        }),
      )
      await write(statements)
    },
    async decision(id) {
      const [row] = await db.select().from(decisions).where(eq(decisions.id, id))
      return row && readDecision(row)
    },
    async decisions({ service, fromMs, toMs, changesOnly, toOtherThan, limit, cursor }) {
      const rows = await db
        .select()
        .from(decisions)
        .where(
          and(
            service === undefined ? undefined : eq(decisions.service, service),
            fromMs === undefined ? undefined : gte(decisions.atMs, fromMs),
            toMs === undefined ? undefined : lt(decisions.atMs, toMs),
            changesOnly ? ne(decisions.from, decisions.to) : undefined,
            toOtherThan === undefined ? undefined : ne(decisions.to, toOtherThan),
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

const readDecision = (row: typeof schema.decisions.$inferSelect): StoredDecision => {
  const { seq: _, settlement, settledAtMs, detail, ...decision } = row
  return {
    ...Decision.parse(decision),
    settlement: Settlement.parse(settlement),
    settledAtMs,
    detail,
  }
}
