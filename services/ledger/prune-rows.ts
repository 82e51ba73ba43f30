/**
 * What is old is dropped, and where the ledger has outgrown its size the oldest first, a bounded number of rows at a time: a
 * database has ticks to record meanwhile. For its size only ticks go, with what belongs to them; never decisions that are not
 * settled, the newest ticks, models in use, settings, keys or the audit log.
 */
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

/** Where a ledger is over its size it is brought this far below, so that it is not at it again with the next tick. */
const SHARE_LEFT = 0.9
/** Kept whatever the size: what a controller that starts again looks back on. */
const KEPT_TICKS = 100
/** Each drops half of what seems too much: ticks are not all of one size, and what is gone is gone. */
const MOST_ROUNDS = 12

/** `mostBytes` is bounded by size as well; undefined: by age alone. */
export function pruning(database: Database, mostBytes?: number) {
  const run = (statements: readonly string[], beforeMs: number) =>
    database.write(statements.map((sql) => ({ sql, args: [beforeMs] })))
  async function pruneTicks(beforeMs: number): Promise<void> {
    for (;;) {
      const nextMs = await afterOneRound(database, beforeMs)
      await run(PRUNED_WITH_TICKS, nextMs ?? beforeMs)
      if (nextMs === undefined) break
      await nextTurn()
    }
  }
  async function prune(beforeMs: number): Promise<void> {
    await pruneTicks(beforeMs)
    await run(PRUNED_AT_LAST, beforeMs)
  }
  return {
    async prune(beforeMs) {
      await prune(beforeMs)
      if (mostBytes === undefined || (await database.heldBytes()) <= mostBytes) return
      if ((await database.usedBytes()) > mostBytes) await pruneToSize(database, mostBytes, prune)
      while ((await database.heldBytes()) > mostBytes && (await database.giveBack()))
        await nextTurn()
    },
    async size() {
      return { bytes: await database.heldBytes(), mostBytes }
    },
  } satisfies Partial<Ledger>
}

async function pruneToSize(
  database: Database,
  mostBytes: number,
  prune: (beforeMs: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const used = await database.usedBytes()
    const tooMuch = 1 - (mostBytes * SHARE_LEFT) / used
    const beforeMs = tooMuch > 0 ? await oldestShare(database, tooMuch / 2) : undefined
    if (beforeMs === undefined) return
    await prune(beforeMs)
  }
}

/** Time before which `share` of the ticks lie that may go, at least one; undefined when none may. */
async function oldestShare({ rows }: Database, share: number): Promise<number | undefined> {
  const one = async (sql: string, args: readonly unknown[] = []) => (await rows({ sql, args }))[0]
  const counted = Number((await one('SELECT count(*) AS n FROM ticks'))!.n)
  const free = counted - KEPT_TICKS
  if (free <= 0) return undefined
  const going = Math.min(free, Math.max(1, Math.floor(counted * share)))
  const cut = await one('SELECT at_ms FROM ticks ORDER BY at_ms LIMIT 1 OFFSET ?', [going])
  const open = await one(`SELECT min(at_ms) AS at_ms FROM decisions WHERE settlement = 'pending'`)
  const first = await one('SELECT min(at_ms) AS at_ms FROM ticks')
  const beforeMs = Math.min(Number(cut!.at_ms), Number(open?.at_ms ?? Number.POSITIVE_INFINITY))
  return beforeMs > Number(first!.at_ms) ? beforeMs : undefined
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
