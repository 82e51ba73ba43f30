/**
 * With the lease kept elsewhere (a Lease of Kubernetes) the ledger's own row follows it: the ledger compares its row's
 * token in the transaction of every write, and that is what refuses a deposed leader there.
 */
import type { LeaseRow, LeaseStore } from './lease.ts'

/** The ledger knows a newer leader: who asks is deposed, or the lease's store has lost what it knew. */
export class OutrunError extends Error {
  override name = 'OutrunError'
}

/** Sets the row to the leader of `token`. Throws OutrunError when the row is ahead of it or another has the same token. */
export async function raiseTo(
  rows: LeaseStore,
  { token, holder, url }: Pick<LeaseRow, 'token' | 'url'> & { readonly holder: string },
): Promise<void> {
  for (;;) {
    const row = await rows.read()
    if (row?.token === token && row.holder === holder) return
    if (row && row.token >= token)
      throw new OutrunError(
        `the ledger has seen token ${row.token} of ${row.holder ?? 'nobody'}, the lease says ${token}`,
      )
    if (await rows.swap(row, { token, holder, url, renewals: 0 })) return
  }
}
