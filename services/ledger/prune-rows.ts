/** What is old is dropped, a bounded number of rows at a time: a database has ticks to record meanwhile. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'

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

export function pruning(database: Database) {
  const run = (statements: readonly string[], beforeMs: number) =>
    database.write(statements.map((sql) => ({ sql, args: [beforeMs] })))
  return {
    async prune(beforeMs) {
      for (;;) {
        const nextMs = await afterOneRound(database, beforeMs)
        await run(PRUNED_WITH_TICKS, nextMs ?? beforeMs)
        if (nextMs === undefined) break
        await nextTurn()
      }
      await run(PRUNED_AT_LAST, beforeMs)
    },
  } satisfies Partial<Ledger>
}

/** Time of the first tick that is too much for one transaction; undefined when all before `beforeMs` fit in. */
async function afterOneRound({ rows }: Database, beforeMs: number): Promise<number | undefined> {
  const [sizes] = await rows({
    sql: 'SELECT count(*) AS n FROM decisions WHERE tick = (SELECT tick FROM ticks ORDER BY at_ms LIMIT 1)',
    args: [],
  })
  const ticks = Math.max(1, Math.floor(ROWS_A_PRUNE / Math.max(1, Number(sizes!.n))))
  const [found] = await rows({
    sql: `SELECT min(at_ms) AS next FROM ticks WHERE at_ms < ?
          AND at_ms > (SELECT at_ms FROM ticks ORDER BY at_ms LIMIT 1 OFFSET ?)`,
    args: [beforeMs, ticks - 1],
  })
  const next = found!.next
  return next === null ? undefined : Number(next)
}
