/** Alerts as rows, written together with what has to be sent of them. */
import type { SQL } from 'drizzle-orm'
import { Alert, rankOf, SEVERITIES } from '../alerts/alert.ts'
import type { AlertQuery, AlertsLedger } from './alerts-ledger.ts'
import { type Database, statementOf, type Tables } from './database.ts'
import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, lt } from './drizzle.ts'
import type * as schema from './schema.ts'

/** An alert is overwritten, its acknowledgement and its place in the pages are not. */
const CHANGED = `ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,
  summary = excluded.summary, figures = excluded.figures, updated_at_ms = excluded.updated_at_ms,
  closed_at_ms = excluded.closed_at_ms`

export function alertRows({ db, tables, insert, write }: Database) {
  const { alerts, deliveries } = tables
  const one = async (id: string) => {
    const [row] = await db.select().from(alerts).where(eq(alerts.id, id))
    return row && readAlert(row)
  }
  return {
    async saveAlerts(changed, added) {
      const statements = [
        ...insert(alerts, changed, CHANGED),
        ...insert(deliveries, added, 'ON CONFLICT (id) DO NOTHING'),
      ]
      await write(statements)
    },
    alert: one,
    async alerts(query) {
      const { limit } = query
      const rows = await db
        .select()
        .from(alerts)
        .where(matching(alerts, query))
        .orderBy(desc(alerts.seq))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(readAlert),
        next: rows.length > limit ? String(shown.at(-1)!.seq) : undefined,
      }
    },
    async openAlerts() {
      const rows = await db
        .select()
        .from(alerts)
        .where(openness(alerts, true))
        .orderBy(asc(alerts.seq))
      return rows.map(readAlert)
    },
    async acknowledgeAlert(id, by, atMs) {
      const first = db
        .update(alerts)
        .set({ acknowledgedBy: by, acknowledgedAtMs: atMs })
        .where(and(eq(alerts.id, id), isNull(alerts.acknowledgedAtMs)))
      await write([statementOf(first)])
      return one(id)
    },
  } satisfies Partial<AlertsLedger>
}

function matching(
  alerts: Tables['alerts'],
  { service, kind, minSeverity, open, fromMs, toMs, cursor }: AlertQuery,
) {
  const given = <T>(value: T | undefined, condition: (value: T) => SQL | undefined) =>
    value === undefined ? undefined : condition(value)
  return and(
    given(service, (name) => eq(alerts.service, name)),
    given(kind, (name) => eq(alerts.kind, name)),
    given(minSeverity, (least) => inArray(alerts.severity, SEVERITIES.slice(rankOf(least)))),
    given(open, (is) => openness(alerts, is)),
    given(fromMs, (from) => gte(alerts.openedAtMs, from)),
    given(toMs, (to) => lt(alerts.openedAtMs, to)),
    given(cursor, (last) => lt(alerts.seq, Number(last))),
  )
}

const openness = (alerts: Tables['alerts'], open: boolean) =>
  open ? isNull(alerts.closedAtMs) : isNotNull(alerts.closedAtMs)

const readAlert = ({ seq: _, ...row }: typeof schema.alerts.$inferSelect): Alert => Alert.parse(row)
