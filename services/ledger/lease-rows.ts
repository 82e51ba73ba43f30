/** The lease that controllers share, as a row that is changed by compare-and-set. */
import { eq } from 'drizzle-orm'
import type { LeaseRow, LeaseStore } from '../leader/lease.ts'
import { type Database, LEASE } from './database.ts'

export function leaseRows({ db, tables, alone }: Database) {
  const { leases } = tables
  return {
    async read() {
      const [row] = await db.select().from(leases).where(eq(leases.name, LEASE))
      if (!row) return undefined
      const { name: _, ...lease } = row
      return lease satisfies LeaseRow
    },
    swap: (expected, next) =>
      alone(async (tx) => {
        const [row] = await tx.select().from(leases).where(eq(leases.name, LEASE))
        if (row?.token !== expected?.token || row?.renewals !== expected?.renewals) return false
        if (row) await tx.update(leases).set(next).where(eq(leases.name, LEASE))
        else await tx.insert(leases).values({ name: LEASE, ...next })
        return true
      }),
  } satisfies LeaseStore
}
