/** What shards may spend, as rows that change by compare-and-set of the whole table: a claim holds for the others as they stood. */
import { ShardSaid, type ShareStore } from '../shards/share.ts'
import type { Database } from './database.ts'

/**
 * Two that read the same rows take the same number, and one of them is refused by its uniqueness. The order of arguments is
 * that of `swap`.
 */
const SWAP = `INSERT INTO shares (shard, round, token, claim_per_hour, said)
  SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM shares WHERE round >= ?2)
  ON CONFLICT (shard) DO UPDATE SET round = excluded.round, token = excluded.token,
    claim_per_hour = excluded.claim_per_hour, said = excluded.said
    WHERE shares.token <= excluded.token
  RETURNING shard`

export function shareRows({ db, tables, rows }: Database) {
  const { shares } = tables
  const store: ShareStore = {
    async read() {
      const found = await db.select().from(shares)
      return found.map((row) => ({ ...row, said: ShardSaid.parse(row.said) }))
    },
    async swap(round, { shard, token, claimPerHour, said }) {
      const args = [shard, round + 1, token, claimPerHour, JSON.stringify(said)]
      try {
        return (await rows({ sql: SWAP, args })).length > 0
      } catch (error) {
        if ((await store.read()).some((row) => row.round > round)) return false
        throw error
      }
    },
  }
  return store
}
