/**
 * The embedded ledger: one SQLite file by drizzle over libsql, WAL with synchronous=FULL, so that what is written
 * before an effect is still there after a power cut.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client, InStatement } from '@libsql/client'
import { eq } from 'drizzle-orm'
import { type Db, openDatabase } from './database.ts'
import { decisionRows } from './decision-rows.ts'
import type { Ledger } from './ledger.ts'
import { memoryRows } from './memory-rows.ts'
import * as schema from './schema.ts'
import { tickRows } from './tick-rows.ts'

/** `newEpoch` names the ledger when it is created; an existing one keeps its name. Throws LedgerError. */
export async function openLibsqlLedger(folder: string, newEpoch: string): Promise<Ledger> {
  await mkdir(folder, { recursive: true })
  const { client, db } = await openDatabase(join(folder, 'ledger.db'))
  return {
    epoch: await epochOf(db, newEpoch),
    ...tickRows(client, db),
    ...decisionRows(client, db),
    ...memoryRows(client, db),
    ...houseKeeping(client),
  }
}

/** Made once with the ledger; part of every decision's id. */
async function epochOf(db: Db, newEpoch: string): Promise<string> {
  await db.insert(schema.meta).values({ key: 'epoch', value: newEpoch }).onConflictDoNothing()
  const [row] = await db.select().from(schema.meta).where(eq(schema.meta.key, 'epoch'))
  return row!.value
}

/** Old rows, and what only they needed: the newest model of a series and the specs of kept ticks stay. */
const PRUNED = [
  'DELETE FROM decisions WHERE tick IN (SELECT tick FROM ticks WHERE at_ms < ?)',
  'DELETE FROM ticks WHERE at_ms < ?',
  'DELETE FROM forecasts WHERE at_ms < ?',
  'DELETE FROM outcomes WHERE at_ms < ?',
  `DELETE FROM models WHERE fitted_at_ms < ?
     AND seq NOT IN (SELECT max(seq) FROM models GROUP BY service, document ->> '$.metric')`,
  `DELETE FROM checkpoints WHERE at_ms < ? AND key LIKE 'specs:%'
     AND substr(key, length('specs:') + 1) NOT IN (SELECT config_hash FROM ticks)`,
]

function houseKeeping(client: Client) {
  return {
    async prune(beforeMs) {
      await client.batch(
        PRUNED.map((sql): InStatement => ({ sql, args: [beforeMs] })),
        'write',
      )
    },
    async close() {
      client.close()
    },
  } satisfies Partial<Ledger>
}
