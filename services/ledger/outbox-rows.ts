/** Messages to webhooks that have not arrived yet, as rows. */

import type { AlertsLedger } from './alerts-ledger.ts'
import { type Database, statementOf } from './database.ts'
import { asc, eq, lte, min } from './drizzle.ts'

export function outboxRows({ db, tables, write }: Database) {
  const { deliveries } = tables
  return {
    async dueDeliveries(nowMs, limit) {
      const rows = await db
        .select()
        .from(deliveries)
        .where(lte(deliveries.nextAtMs, nowMs))
        .orderBy(asc(deliveries.seq))
        .limit(limit)
      return rows.map(({ seq: _, ...delivery }) => delivery)
    },
    async nextDeliveryMs() {
      const [row] = await db.select({ next: min(deliveries.nextAtMs) }).from(deliveries)
      return row?.next ?? undefined
    },
    async settleDelivery({ id, ...outcome }) {
      await write([statementOf(db.update(deliveries).set(outcome).where(eq(deliveries.id, id)))])
    },
  } satisfies Partial<AlertsLedger>
}
