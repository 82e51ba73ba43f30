/** What outlives a tick: outcomes, checkpoints, and the settings that operators changed. */

import type { Database } from './database.ts'
import { and, asc, desc, eq, gte, inArray, lt, max } from './drizzle.ts'
import type { Ledger, Setting } from './ledger.ts'
import type * as schema from './schema.ts'

export function memoryRows({ db, tables, insert, write }: Database) {
  const { outcomes, checkpoints, settings } = tables
  return {
    async saveOutcomes(rows) {
      if (rows.length === 0) return
      await write(insert(outcomes, rows, 'ON CONFLICT DO NOTHING'))
    },
    async outcomes({ service, fromMs, toMs }) {
      const within = and(gte(outcomes.atMs, fromMs), lt(outcomes.atMs, toMs))
      return db
        .select()
        .from(outcomes)
        .where(service === undefined ? within : and(within, eq(outcomes.service, service)))
        .orderBy(asc(outcomes.atMs), asc(outcomes.service))
    },
    async checkpoint(key, value, atMs) {
      const newer = 'ON CONFLICT (key) DO UPDATE SET value = excluded.value, at_ms = excluded.at_ms'
      await write(insert(checkpoints, [{ key, value, atMs }], newer))
    },
    async restore(key) {
      const [row] = await db.select().from(checkpoints).where(eq(checkpoints.key, key))
      return row?.value
    },
    async putSetting(setting) {
      await write(insert(settings, [setting]))
    },
    async settings() {
      const newest = db
        .select({ seq: max(settings.seq) })
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
