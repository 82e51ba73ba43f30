/**
 * The embedded ledger: one SQLite file by drizzle over libsql, WAL with synchronous=FULL, so that what is written
 * before an effect is still there after a power cut.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client, InStatement } from '@libsql/client'
import { eq } from 'drizzle-orm'
import { accessRows } from './access-rows.ts'
import { alertRows } from './alert-rows.ts'
import { type Db, openDatabase } from './database.ts'
import { decisionRows } from './decision-rows.ts'
import { demandRows } from './demand-rows.ts'
import type { Ledger } from './ledger.ts'
import { memoryRows } from './memory-rows.ts'
import { modelRows } from './model-rows.ts'
import { outboxRows } from './outbox-rows.ts'
import { policyRows } from './policy-rows.ts'
import { rolloutRows } from './rollout-rows.ts'
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
    ...accessRows(db),
    ...alertRows(client, db),
    ...outboxRows(db),
    ...demandRows(client, db),
    ...memoryRows(client, db),
    ...modelRows(client, db),
    ...policyRows(client, db),
    ...rolloutRows(client, db),
    ...houseKeeping(client),
  }
}

/** Made once with the ledger; part of every decision's id. */
async function epochOf(db: Db, newEpoch: string): Promise<string> {
  await db.insert(schema.meta).values({ key: 'epoch', value: newEpoch }).onConflictDoNothing()
  const [row] = await db.select().from(schema.meta).where(eq(schema.meta.key, 'epoch'))
  return row!.value
}

/** Most decisions that one transaction drops: libsql works on the calling thread, which has ticks to run. */
const ROWS_A_PRUNE = 20_000

/** Ticks go whole, with all that belongs to them. */
const PRUNED_WITH_TICKS = [
  'DELETE FROM decisions WHERE tick IN (SELECT tick FROM ticks WHERE at_ms < ?)',
  'DELETE FROM ticks WHERE at_ms < ?',
  'DELETE FROM forecasts WHERE at_ms < ?',
  'DELETE FROM outcomes WHERE at_ms < ?',
]

/** What only old ticks needed: models whose state is kept and the specs of kept ticks stay. */
const PRUNED_AT_LAST = [
  `DELETE FROM model_versions WHERE retired_at_ms < ? AND status = 'retired'
     AND NOT EXISTS (SELECT 1 FROM model_artifacts AS kept WHERE kept.service = model_versions.service
       AND kept.metric = model_versions.metric AND kept.number = model_versions.number)
     AND seq NOT IN (SELECT max(seq) FROM model_versions GROUP BY service, metric)`,
  `DELETE FROM checkpoints WHERE at_ms < ? AND key LIKE 'specs:%'
     AND substr(key, length('specs:') + 1) NOT IN (SELECT config_hash FROM ticks)`,
  'DELETE FROM alerts WHERE closed_at_ms < ?',
  'DELETE FROM deliveries WHERE created_at_ms < ? AND next_at_ms IS NULL',
]

function houseKeeping(client: Client) {
  const run = (statements: readonly string[], beforeMs: number) =>
    client.batch(
      statements.map((sql): InStatement => ({ sql, args: [beforeMs] })),
      'write',
    )
  return {
    async prune(beforeMs) {
      for (;;) {
        const nextMs = await afterOneRound(client, beforeMs)
        await run(PRUNED_WITH_TICKS, nextMs ?? beforeMs)
        if (nextMs === undefined) break
        await nextTurn()
      }
      await run(PRUNED_AT_LAST, beforeMs)
    },
    async close() {
      client.close()
    },
  } satisfies Partial<Ledger>
}

/** Time of the first tick that is too much for one transaction; undefined when all before `beforeMs` fit in. */
async function afterOneRound(client: Client, beforeMs: number): Promise<number | undefined> {
  const { rows: sizes } = await client.execute(
    'SELECT count(*) AS n FROM decisions WHERE tick = (SELECT tick FROM ticks ORDER BY at_ms LIMIT 1)',
  )
  const ticks = Math.max(1, Math.floor(ROWS_A_PRUNE / Math.max(1, Number(sizes[0]!.n))))
  const { rows } = await client.execute({
    sql: `SELECT min(at_ms) AS next FROM ticks WHERE at_ms < ?
          AND at_ms > (SELECT at_ms FROM ticks ORDER BY at_ms LIMIT 1 OFFSET ?)`,
    args: [beforeMs, ticks - 1],
  })
  const next = rows[0]!.next
  return next === null ? undefined : Number(next)
}
