/** Every ledger there is. To add one: its file, a member of `ledger` in services/config.ts, a case here. */
import { randomUUID } from 'node:crypto'
import type { AppConfig } from '../config.ts'
import type { Ledger } from './ledger.ts'
import { openLibsqlLedger } from './libsql.ts'

export function openLedger({ ledger, clock, seed }: AppConfig, stateDir: string): Promise<Ledger> {
  // by the manual clock everything is reproducible, decision ids included
  const newEpoch = clock === 'manual' ? `seed-${seed}` : randomUUID()
  switch (ledger.kind) {
    case 'embedded':
      return openLibsqlLedger(stateDir, newEpoch)
  }
}
