/** API keys and the audit log as rows. The database itself refuses to change or drop a row of the audit log (migration 0008). */
import type { StoredKey } from '../access/api-key.ts'
import { Role } from '../access/role.ts'
import { type AuditRow, detailText, nextRow } from '../audit/chain.ts'
import type { AccessLedger, AuditQuery } from './access-ledger.ts'
import type { Database, Tables } from './database.ts'
import { and, asc, desc, eq, gt, gte, isNull, like, lt, or } from './drizzle.ts'
import { LedgerError } from './ledger.ts'
import type * as schema from './schema.ts'

/** Who comes second to a number tries again with the next; of any writers one always gets through. */
const MOST_TRIES = 1000

export function accessRows(database: Database) {
  const { db, tables } = database
  const { apiKeys } = tables
  return {
    ...auditRows(database),
    async addKey(key) {
      await db.insert(apiKeys).values({ ...key, groups: key.groups && [...key.groups] })
    },
    async key(id) {
      const [row] = await db.select().from(apiKeys).where(eq(apiKeys.id, id))
      return row && readKey(row)
    },
    async keys() {
      const rows = await db
        .select()
        .from(apiKeys)
        .orderBy(asc(apiKeys.createdAtMs), asc(apiKeys.id))
      return rows.map(readKey)
    },
    async saveKey({ id, expiresAtMs, revokedAtMs, revokedBy, replacedBy }) {
      const changed = await db
        .update(apiKeys)
        .set({ expiresAtMs, revokedAtMs, revokedBy, replacedBy })
        .where(eq(apiKeys.id, id))
        .returning({ id: apiKeys.id })
      if (changed.length === 0) throw new LedgerError(`there is no key ${id}`)
    },
    async touchKey(id, atMs) {
      const earlier = or(isNull(apiKeys.lastUsedAtMs), lt(apiKeys.lastUsedAtMs, atMs))
      await db
        .update(apiKeys)
        .set({ lastUsedAtMs: atMs })
        .where(and(eq(apiKeys.id, id), earlier))
    },
  } satisfies AccessLedger
}

function auditRows({ db, tables }: Database) {
  const { audit } = tables
  return {
    async appendAudit(entry) {
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const [former] = await db.select().from(audit).orderBy(desc(audit.seq)).limit(1)
        const row = nextRow(former, entry)
        const added = await db
          .insert(audit)
          .values({ ...row, detail: detailText(row.detail) })
          .onConflictDoNothing()
          .returning({ seq: audit.seq })
        if (added.length > 0) return row
      }
      throw new LedgerError(`others wrote to the audit log ${MOST_TRIES} times in a row`)
    },
    async audit(query) {
      const { limit } = query
      const rows = await db
        .select()
        .from(audit)
        .where(matching(audit, query))
        .orderBy(desc(audit.seq))
        .limit(limit + 1)
      const shown = rows.slice(0, limit)
      return {
        items: shown.map(readAudit),
        next: rows.length > limit ? String(shown.at(-1)!.seq) : undefined,
      }
    },
    async auditAfter(seq, limit) {
      const rows = await db
        .select()
        .from(audit)
        .where(gt(audit.seq, seq))
        .orderBy(asc(audit.seq))
        .limit(limit)
      return rows.map(readAudit)
    },
  } satisfies Partial<AccessLedger>
}

function matching(
  audit: Tables['audit'],
  { actor, action, target, fromMs, toMs, cursor }: AuditQuery,
) {
  return and(
    actor === undefined ? undefined : eq(audit.actor, actor),
    action === undefined
      ? undefined
      : or(eq(audit.action, action), like(audit.action, `${action.replaceAll(/[%_]/g, '')}.%`)),
    target === undefined ? undefined : eq(audit.target, target),
    fromMs === undefined ? undefined : gte(audit.atMs, fromMs),
    toMs === undefined ? undefined : lt(audit.atMs, toMs),
    cursor === undefined ? undefined : lt(audit.seq, Number(cursor)),
  )
}

const readKey = (row: typeof schema.apiKeys.$inferSelect): StoredKey => ({
  ...row,
  role: Role.parse(row.role),
})

/** A detail that somebody made no JSON of stays as it stands: the chain then says that it was changed. */
function readAudit({ detail, ...row }: typeof schema.audit.$inferSelect): AuditRow {
  try {
    return { ...row, detail: JSON.parse(detail) }
  } catch {
    return { ...row, detail }
  }
}
