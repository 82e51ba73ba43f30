/** The one way into the audit log, and its check. */
import type { AccessLedger } from '../ledger/access-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { type AuditEntry, type AuditRow, faultOf } from './chain.ts'

export interface AuditLog {
  append(entry: Omit<AuditEntry, 'atMs'>): Promise<AuditRow>
}

export function createAuditLog(
  ledger: Pick<AccessLedger, 'appendAudit'>,
  nowMs: () => number,
): AuditLog {
  return { append: (entry) => ledger.appendAudit({ atMs: nowMs(), ...entry }) }
}

/** What changed settings before there was an audit log becomes its first rows. */
export async function takeOverSettings(ledger: Ledger): Promise<number> {
  if ((await ledger.auditAfter(0, 1)).length > 0) return 0
  const keys = (await ledger.settings()).map(({ key }) => key)
  const histories = await Promise.all(keys.map((key) => ledger.settingHistory(key)))
  const changes = histories.flat().sort((a, b) => a.changedAtMs - b.changedAtMs)
  for (const { key, value, changedAtMs, actor } of changes)
    await ledger.appendAudit({
      ...{ atMs: changedAtMs, actor, action: 'setting.taken-over', target: key },
      detail: { value },
    })
  return changes.length
}

const ROWS_AT_ONCE = 1000

export interface Verdict {
  readonly rows: number
  /** Hash of the last sound row; null of an empty log. To be noted elsewhere. */
  readonly head: string | null
  readonly sound: boolean
  /** What is wrong first; null when nothing is. */
  readonly fault: string | null
}

/** Follows the whole chain. `noted`: a head of before, which must still be in it. */
export async function verifyAudit(
  ledger: Pick<AccessLedger, 'auditAfter'>,
  noted?: string,
): Promise<Verdict> {
  let last: AuditRow | undefined
  let isNotedFound = noted === undefined
  const verdict = (fault: string | undefined): Verdict => ({
    ...{ rows: last?.seq ?? 0, head: last?.hash ?? null },
    ...{ sound: fault === undefined, fault: fault ?? null },
  })
  for (;;) {
    const rows = await ledger.auditAfter(last?.seq ?? 0, ROWS_AT_ONCE)
    for (const row of rows) {
      const fault = faultOf(last, row)
      if (fault) return verdict(fault)
      if (row.hash === noted) isNotedFound = true
      last = row
    }
    if (rows.length < ROWS_AT_ONCE) break
  }
  return verdict(isNotedFound ? undefined : `the head that was noted is not in the log: ${noted}`)
}
