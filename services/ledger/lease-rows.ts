/** The lease that controllers share, as a row that one statement changes by compare-and-set. */
import type { LeaseStore } from '../leader/lease.ts'
import { type Database, LEASE } from './database.ts'
import { and, eq } from './drizzle.ts'

export function leaseRows({ db, tables }: Database) {
  const { leases } = tables
  return {
    async read() {
      const [row] = await db.select().from(leases).where(eq(leases.name, LEASE))
      if (!row) return undefined
      const { name: _, ...lease } = row
      return lease
    },
    async swap(expected, next) {
      const changed = await (expected
        ? db
            .update(leases)
            .set(next)
            .where(
              and(
                eq(leases.name, LEASE),
                eq(leases.token, expected.token),
                eq(leases.renewals, expected.renewals),
              ),
            )
            .returning({ token: leases.token })
        : db
            .insert(leases)
            .values({ name: LEASE, ...next })
            .onConflictDoNothing()
            .returning({ token: leases.token }))
      return changed.length > 0
    },
  } satisfies LeaseStore
}
