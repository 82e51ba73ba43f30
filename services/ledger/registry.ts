/** Every ledger there is. To add one: its file, a member of `LedgerConfig` in config.ts, a case here, which loads what it needs. */
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { systemClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from './ledger.ts'

/** Between two attempts to reach a ledger that is away. */
const RETRY_MS = 1000

export interface LedgerOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Of the controller, which goes on while its ledger is away; without it a ledger that is away is an error. */
  readonly log?: {
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
}

type Wanted = Pick<AppConfig, 'ledger' | 'clock' | 'seed'>

/** Throws LedgerError. */
export async function openLedger(
  { ledger, clock, seed }: Wanted,
  stateDir: string,
  { env = process.env, log }: LedgerOptions = {},
): Promise<Ledger> {
  // by the manual clock everything is reproducible, decision ids included
  const newEpoch = clock === 'manual' ? `seed-${seed}` : randomUUID()
  switch (ledger.kind) {
    case 'embedded': {
      const { openLibsqlLedger } = await import('./libsql.ts')
      // on the same disk as any queue would be
      return openLibsqlLedger(stateDir, newEpoch, ledger.maxBytes)
    }
    case 'postgresql': {
      const { openPostgresqlLedger } = await import('./postgresql.ts')
      const opened = await openPostgresqlLedger(ledger, newEpoch, env)
      return log ? waitedFor(opened, stateDir, log) : opened
    }
  }
}

async function waitedFor(
  ledger: Ledger,
  stateDir: string,
  log: NonNullable<LedgerOptions['log']>,
): Promise<Ledger> {
  const { openQueueFile } = await import('./queue-file.ts')
  const { createQueueing } = await import('./queueing.ts')
  return createQueueing({
    ledger,
    queue: await openQueueFile(path.join(stateDir, 'ledger.queue')),
    nowMs: systemClock.nowMs,
    after: systemClock.after,
    retryMs: RETRY_MS,
    onChange: ({ state, ...rest }) =>
      log.warn(rest, state === 'ok' ? 'the ledger is back' : 'the ledger is away; ticks go on'),
    onSetAside: (file, records, why) =>
      log.error({ file, records, why }, 'what had waited for the ledger was refused there'),
  })
}
