/** Shares in memory, with the compare-and-set of the ledger's rows. */
import { lastRound, type ShareRow, type ShareStore } from './share.ts'

export function createMemoryShareStore(): ShareStore & { readonly rows: readonly ShareRow[] } {
  let rows: readonly ShareRow[] = []
  return {
    get rows() {
      return rows
    },
    read: async () => rows,
    async swap(round, row) {
      const own = rows.find(({ shard }) => shard === row.shard)
      if (lastRound(rows) !== round || (own && own.token > row.token)) return false
      rows = [...rows.filter((other) => other !== own), { ...row, round: round + 1 }]
      return true
    },
  }
}
