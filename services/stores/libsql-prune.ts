/**
 * What is dropped from the embedded store: samples that are too old, and where the file has outgrown its size the oldest, of
 * every metric alike, a bounded number at a time.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client } from '@libsql/client/sqlite3'
import { spaceOf } from '../sqlite-space.ts'

/** Most rows that one statement drops: libsql works on the calling thread, which has ticks to run. */
const ROWS_A_PRUNE = 20_000
/** A file over its size is brought this far below, so that it is not at it again with the next tick. */
const SHARE_LEFT = 0.9
/** Each drops half of what seems too much: loads grow, so that a stretch of time has no fixed size. */
const MOST_ROUNDS = 12
/** Kept whatever the size: what ticks read. */
const KEPT_MS = 60 * 60 * 1000

/** How many were dropped. */
export async function pruneBefore(client: Client, beforeMs: number): Promise<number> {
  const { rows } = await client.execute('SELECT id FROM metrics')
  let dropped = 0
  for (const { id } of rows) dropped += await pruneMetric(client, Number(id), beforeMs)
  return dropped
}

/** How many were dropped so that the file takes at most so many bytes, or holds an hour. */
export async function pruneToSize(client: Client, mostBytes: number): Promise<number> {
  const space = spaceOf(client)
  let dropped = 0
  if ((await space.usedBytes()) > mostBytes) {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const tooMuch = 1 - (mostBytes * SHARE_LEFT) / (await space.usedBytes())
      const beforeMs = tooMuch > 0 ? await oldestShare(client, tooMuch / 2) : undefined
      if (beforeMs === undefined) break
      dropped += await pruneBefore(client, beforeMs)
    }
  }
  while ((await space.heldBytes()) > mostBytes && (await space.giveBack())) await nextTurn()
  return dropped
}

/** Time before which `share` of the time that samples stand for lies; undefined where the newest hour would begin. */
async function oldestShare(client: Client, share: number): Promise<number | undefined> {
  // a question a metric: by all at once every row would be read
  const { rows } = await client.execute(
    `SELECT min((SELECT min(at_ms) FROM samples WHERE metric = id)) AS first,
       max((SELECT max(at_ms) FROM samples WHERE metric = id)) AS last FROM metrics`,
  )
  const found = rows[0]
  if (found === undefined || found.first === null) return undefined
  const [firstMs, lastMs] = [Number(found.first), Number(found.last)]
  const beforeMs = Math.min(
    lastMs - KEPT_MS,
    firstMs + Math.max(1, Math.ceil((lastMs - firstMs) * share)),
  )
  return beforeMs > firstMs ? beforeMs : undefined
}

/** By metric, because the rows lie so; a condition on the time alone would read them all. */
async function pruneMetric(client: Client, metric: number, beforeMs: number): Promise<number> {
  for (let dropped = 0; ; ) {
    const { rows } = await client.execute({
      sql: 'SELECT at_ms FROM samples WHERE metric = ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ?',
      args: [metric, beforeMs, ROWS_A_PRUNE],
    })
    // whole instants, so that every round drops something
    const upToMs = rows[0] ? Number(rows[0].at_ms) + 1 : beforeMs
    const { rowsAffected } = await client.execute({
      sql: 'DELETE FROM samples WHERE metric = ? AND at_ms < ?',
      args: [metric, upToMs],
    })
    dropped += rowsAffected
    if (rows.length === 0) return dropped
    await nextTurn()
  }
}
