/**
 * The lease of a controller that has no rival by configuration: it leads from the start and for ever. Its token is still
 * one more than that of the run before, so that what an earlier run left on its way is refused at the target.
 */
import type { HeldLease, Lease, LeaseStore } from './lease.ts'

/** Takes the next token from `store`, whoever has the last one. */
export async function createSoleLease(
  store: LeaseStore,
  holder: string,
  url: string,
): Promise<Lease> {
  const held: HeldLease = {
    token: await nextToken(store, holder, url),
    holder,
    untilMs: Number.POSITIVE_INFINITY,
  }
  return {
    acquire: async () => held,
    renew: async () => held,
    release: async () => {},
    held: () => held,
    seen: () => ({ holder, token: held.token, url }),
  }
}

async function nextToken(store: LeaseStore, holder: string, url: string): Promise<number> {
  for (;;) {
    const row = await store.read()
    const token = (row?.token ?? 0) + 1
    if (await store.swap(row, { token, holder, url, renewals: 0 })) return token
  }
}
