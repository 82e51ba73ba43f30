/**
 * The hash chain of the audit log: each row holds the SHA-256 of its own content and of the row before it, so that a row
 * changed, dropped, added in between or put elsewhere breaks every hash after it (Haber and Stornetta 1991). Who can
 * write the whole table can write a new chain, and who drops the last rows leaves a shorter sound one: against both a
 * head that was noted elsewhere is compared (`forescale audit verify --head`).
 */
import { createHash } from 'node:crypto'

export interface AuditEntry {
  readonly atMs: number
  /** Who: `key:<name>`, `jwt:<subject>`, `http` where nobody has to say, `machine` for the CLI beside the ledger. */
  readonly actor: string
  /** What was done: `budget.change`, `key.create` … */
  readonly action: string
  /** What it was done to: a service, a key, a version; null: everything. */
  readonly target: string | null
  /** How: plain JSON, never a secret. */
  readonly detail: unknown
}

export interface AuditRow extends AuditEntry {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number
  /** Of the row before; 64 zeros for the first. */
  readonly formerHash: string
  readonly hash: string
}

export const GENESIS = '0'.repeat(64)

/** The text that is kept of a detail, and hashed: the same on every store. */
export const detailText = (detail: unknown): string => JSON.stringify(detail ?? null)

/** The row that follows `former`. */
export function nextRow(former: Pick<AuditRow, 'seq' | 'hash'> | undefined, entry: AuditEntry) {
  const row = { seq: (former?.seq ?? 0) + 1, ...entry, formerHash: former?.hash ?? GENESIS }
  return { ...row, hash: hashOf(row) } satisfies AuditRow
}

export function hashOf(row: Omit<AuditRow, 'hash'>): string {
  const { seq, atMs, actor, action, target, detail, formerHash } = row
  const content = JSON.stringify([seq, atMs, actor, action, target, detailText(detail), formerHash])
  return createHash('sha256').update(content).digest('hex')
}

/** Why `row` cannot follow `former`; undefined when it does. */
export function faultOf(
  former: Pick<AuditRow, 'seq' | 'hash'> | undefined,
  row: AuditRow,
): string | undefined {
  const seq = (former?.seq ?? 0) + 1
  if (row.seq !== seq) return `row ${seq} is missing: row ${row.seq} stands in its place`
  if (row.formerHash !== (former?.hash ?? GENESIS))
    return `row ${row.seq} does not follow the row before it`
  if (row.hash !== hashOf(row)) return `row ${row.seq} was changed after it was written`
  return undefined
}
