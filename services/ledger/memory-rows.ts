/** What outlives a tick: outcomes, checkpoints, and the settings that operators changed. */
import type { Client } from '@libsql/client'
import { and, asc, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import { insertRows } from './insert-rows.ts'
import type { Ledger, Setting } from './ledger.ts'
import * as schema from './schema.ts'

export function memoryRows(client: Client, db: Db) {
  const { outcomes, checkpoints, settings } = schema
  return {
    async saveOutcomes(rows) {
      if (rows.length === 0) return
      await client.batch(insertRows(outcomes, rows, 'ON CONFLICT DO NOTHING'), 'write')
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
      const newer = 'ON CONFLICT DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms'
      await client.batch(insertRows(checkpoints, [{ key, value, atMs }], newer), 'write')
    },
    async restore(key) {
      const [row] = await db.select().from(checkpoints).where(eq(checkpoints.key, key))
      return row?.value
    },
    async putSetting(setting) {
      await client.batch(insertRows(settings, [setting]), 'write')
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
