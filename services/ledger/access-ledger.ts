/** What the ledger keeps of who may come in, and of who changed what. */
import type { StoredKey } from '../access/api-key.ts'
import type { AuditEntry, AuditRow } from '../audit/chain.ts'
import type { Page } from './ledger.ts'

export interface AuditQuery {
  readonly actor?: string | undefined
  /** Exactly, or up to a dot: `key` finds `key.create`. */
  readonly action?: string | undefined
  readonly target?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

export interface AccessLedger {
  /** Throws when there is a key of that id. */
  addKey(key: StoredKey): Promise<void>
  /** Revoked and expired ones, too. */
  key(id: string): Promise<StoredKey | undefined>
  /** In the order of their making. */
  keys(): Promise<readonly StoredKey[]>
  /** Expiry, revocation and successor as they are now; all else of a key never changes. */
  saveKey(key: StoredKey): Promise<void>
  /** Only ever later. */
  touchKey(id: string, atMs: number): Promise<void>
  /**
   * Adds the next row of the chain (services/audit/chain.ts), durable when it resolves. Several processes may do so at
   * once: a number is taken once, and who comes second follows the row that took it.
   */
  appendAudit(entry: AuditEntry): Promise<AuditRow>
  /** Newest first. */
  audit(query: AuditQuery): Promise<Page<AuditRow>>
  /** Rows after `seq` in the order of the chain, at most `limit`. */
  auditAfter(seq: number, limit: number): Promise<readonly AuditRow[]>
}
