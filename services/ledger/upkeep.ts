/** What is done to a ledger by hand: brought up to date, looked over, backed up, restored. */
import type { AppConfig } from '../config.ts'
import { type BackupReport, backup, restore, verifyBackup } from './backup.ts'
import type { Database } from './database.ts'
import { openLedgerDatabase } from './databases.ts'

export interface LedgerCheck {
  readonly kind: AppConfig['ledger']['kind']
  readonly firstTick: number | null
  readonly lastTick: number | null
  /** Numbers between the first and the last that are not there. */
  readonly missingTicks: number
  readonly decisions: number
  readonly pendingDecisions: number
  /** Decisions whose tick is not there. */
  readonly strayDecisions: number
  readonly leader: string | null
  readonly fencingToken: number | null
  readonly rows: number
  /** Of all that it holds but the lease; the same for a copy of it. */
  readonly sha256: string
}

type Wanted = Pick<AppConfig, 'ledger'>

async function withDatabase<T>(
  config: Wanted,
  stateDir: string,
  env: NodeJS.ProcessEnv,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openLedgerDatabase(config, stateDir, env)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

export interface Upkeep {
  backup(file: string): Promise<BackupReport>
  restore(file: string): Promise<BackupReport>
  verify(file: string): Promise<BackupReport>
  /** Opening does it. */
  migrate(): Promise<void>
  check(): Promise<LedgerCheck>
}

/** All throw LedgerError. */
export function ledgerUpkeep(config: Wanted, stateDir: string, env: NodeJS.ProcessEnv): Upkeep {
  const opened = <T>(work: (database: Database) => Promise<T>) =>
    withDatabase(config, stateDir, env, work)
  return {
    backup: (file) => opened((database) => backup(database, file)),
    restore: (file) => opened((database) => restore(database, file)),
    verify: verifyBackup,
    migrate: () => opened(async () => {}),
    check: () => opened((database) => check(database, config.ledger.kind)),
  }
}

async function check(database: Database, kind: LedgerCheck['kind']): Promise<LedgerCheck> {
  const one = async (sql: string) => (await database.rows({ sql, args: [] }))[0] ?? {}
  const ticks = await one('SELECT min(tick) AS first, max(tick) AS last, count(*) AS n FROM ticks')
  const decisions = await one(
    `SELECT count(*) AS n, count(CASE WHEN settlement = 'pending' THEN 1 END) AS pending,
       count(CASE WHEN tick NOT IN (SELECT tick FROM ticks) THEN 1 END) AS stray FROM decisions`,
  )
  const lease = await one('SELECT holder, token FROM leases')
  const numberOf = (value: unknown) =>
    value === null || value === undefined ? null : Number(value)
  const [first, last] = [numberOf(ticks.first), numberOf(ticks.last)]
  const { rows, sha256 } = await backup(database, null)
  return {
    kind,
    firstTick: first,
    lastTick: last,
    missingTicks: first === null ? 0 : last! - first + 1 - Number(ticks.n),
    decisions: Number(decisions.n),
    pendingDecisions: Number(decisions.pending),
    strayDecisions: Number(decisions.stray),
    leader: typeof lease.holder === 'string' ? lease.holder : null,
    fencingToken: numberOf(lease.token),
    rows,
    sha256,
  }
}
