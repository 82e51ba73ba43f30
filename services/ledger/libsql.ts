/**
 * The embedded ledger: one SQLite file by drizzle over libsql, WAL with synchronous=FULL, so that what is written
 * before an effect is still there after a power cut.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ledger } from './ledger.ts'
import { ledgerOn } from './rows.ts'
import { openSqlite } from './sqlite-database.ts'

/** `newEpoch` names the ledger when it is created; an existing one keeps its name. Throws LedgerError. */
export async function openLibsqlLedger(
  folder: string,
  newEpoch: string,
  mostBytes?: number,
): Promise<Ledger> {
  await mkdir(folder, { recursive: true })
  return ledgerOn(await openSqlite(join(folder, 'ledger.db')), newEpoch, mostBytes)
}
