/** The documented key and the documented row of the audit log. */
import type { ApiKey } from '../access/api-key.ts'
import type { CreatedKey } from '../access/key-ring.ts'
import { type AuditRow, nextRow } from '../audit/chain.ts'

const AT_MS = Date.parse('2026-11-21T08:00:00Z')
const DAY_MS = 24 * 3600_000

export const apiKey: ApiKey = {
  id: '0123456789ab',
  name: 'ci',
  role: 'operator',
  groups: null,
  createdAtMs: AT_MS,
  createdBy: 'machine',
  expiresAtMs: AT_MS + 90 * DAY_MS,
  revokedAtMs: null,
  revokedBy: null,
  replacedBy: null,
  lastUsedAtMs: AT_MS,
}

export const createdKey: CreatedKey = {
  key: { ...apiKey, lastUsedAtMs: null },
  token: `fsk_${apiKey.id}_${'x'.repeat(43)}`,
}

export const auditRow: AuditRow = nextRow(undefined, {
  atMs: AT_MS,
  actor: 'key:ann',
  action: 'budget.change',
  target: null,
  detail: { costBudgetPerHour: 1.6 },
})
