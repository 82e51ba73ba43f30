/** Every ledger there is. To add one: its file, a member of `LedgerConfig` in config.ts, a case here. */
import { randomUUID } from 'node:crypto'
import type { AppConfig } from '../config.ts'
import type { Ledger } from './ledger.ts'
import { openLibsqlLedger } from './libsql.ts'
import { openPostgresqlLedger } from './postgresql.ts'

/** Throws LedgerError. */
export function openLedger(
  { ledger, clock, seed }: Pick<AppConfig, 'ledger' | 'clock' | 'seed'>,
  stateDir: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Ledger> {
  // by the manual clock everything is reproducible, decision ids included
  const newEpoch = clock === 'manual' ? `seed-${seed}` : randomUUID()
  switch (ledger.kind) {
    case 'embedded':
      return openLibsqlLedger(stateDir, newEpoch)
    case 'postgresql':
      return openPostgresqlLedger(ledger, newEpoch, env)
  }
}
