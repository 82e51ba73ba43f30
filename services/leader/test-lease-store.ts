/** A lease's row in memory, for tests and simulations. */
import type { LeaseRow, LeaseStore } from './lease.ts'

export interface MemoryLeaseStore extends LeaseStore {
  row(): LeaseRow | undefined
}

export function createMemoryLeaseStore(): MemoryLeaseStore {
  let row: LeaseRow | undefined
  return {
    row: () => row,
    read: async () => row,
    async swap(expected, next) {
      if (row?.token !== expected?.token || row?.renewals !== expected?.renewals) return false
      row = next
      return true
    },
  }
}
