/** Keys and the audit log in memory for tests of the HTTP surface: one row of each, the documented ones. */
import type { StoredKey } from '../access/api-key.ts'
import { type AuditRow, nextRow } from '../audit/chain.ts'
import type { AccessLedger } from '../ledger/access-ledger.ts'

export function createTestAccess(): AccessLedger {
  const keys = new Map<string, StoredKey>()
  const rows: AuditRow[] = []
  return {
    addKey: async (key) => void keys.set(key.id, key),
    key: async (id) => keys.get(id),
    keys: async () => [...keys.values()],
    saveKey: async (key) => void keys.set(key.id, key),
    async touchKey(id, atMs) {
      const key = keys.get(id)
      if (key) keys.set(id, { ...key, lastUsedAtMs: Math.max(atMs, key.lastUsedAtMs ?? atMs) })
    },
    async appendAudit(entry) {
      const row = nextRow(rows.at(-1), entry)
      rows.push(row)
      return row
    },
    async audit({ actor, action, limit }) {
      const found = rows.filter(
        (row) =>
          (actor === undefined || row.actor === actor) &&
          (action === undefined || row.action === action || row.action.startsWith(`${action}.`)),
      )
      return { items: found.toReversed().slice(0, limit), next: undefined }
    },
    auditAfter: async (seq, limit) => rows.filter((row) => row.seq > seq).slice(0, limit),
  }
}
