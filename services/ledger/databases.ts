/** The database of a configured ledger by itself, brought up to date: for backup, restore and checks. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { AppConfig } from '../config.ts'
import type { Database } from './database.ts'

/** Throws LedgerError. */
export async function openLedgerDatabase(
  { ledger }: Pick<AppConfig, 'ledger'>,
  stateDir: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Database> {
  switch (ledger.kind) {
    case 'embedded': {
      const { openSqlite } = await import('./sqlite-database.ts')
      await mkdir(stateDir, { recursive: true })
      return openSqlite(path.join(stateDir, 'ledger.db'))
    }
    case 'postgresql': {
      const { openPostgresqlDatabase } = await import('./postgresql.ts')
      return openPostgresqlDatabase(ledger, env)
    }
  }
}
