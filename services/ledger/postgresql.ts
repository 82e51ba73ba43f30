/** The ledger in PostgreSQL: what several controllers share, and what outlives all of them. */
import { readFileSync } from 'node:fs'
import type { PostgresqlConfig } from './config.ts'
import type { Database } from './database.ts'
import type { Ledger } from './ledger.ts'
import { LedgerError } from './ledger.ts'
import { openPostgresql, type PostgresqlOptions } from './postgresql-database.ts'
import { ledgerErrorOf } from './postgresql-errors.ts'
import { ledgerOn } from './rows.ts'

/** `newEpoch` names the ledger when it is created; an existing one keeps its name. Throws LedgerError. */
export async function openPostgresqlLedger(
  config: PostgresqlConfig,
  newEpoch: string,
  env: NodeJS.ProcessEnv,
): Promise<Ledger> {
  const database = await openPostgresqlDatabase(config, env)
  return withLedgerErrors(await ledgerOn(database, newEpoch, config.maxBytes))
}

export async function openPostgresqlDatabase(
  config: PostgresqlConfig,
  env: NodeJS.ProcessEnv,
): Promise<Database> {
  return openPostgresql(optionsOf(config, env))
}

/** Throws LedgerError when the address or an authority cannot be read. */
function optionsOf(config: PostgresqlConfig, env: NodeJS.ProcessEnv): PostgresqlOptions {
  const { ssl, sslCaFile } = config
  const ca = sslCaFile === undefined ? undefined : readText('ledger.sslCaFile', sslCaFile)
  return {
    ...config,
    url: addressOf(config, env),
    ssl:
      ssl === 'disable'
        ? false
        : { rejectUnauthorized: ssl === 'verify-full', ...(ca ? { ca } : {}) },
  }
}

function addressOf({ urlEnv, urlFile }: PostgresqlConfig, env: NodeJS.ProcessEnv): string {
  const from = urlEnv === undefined ? `the file ${urlFile}` : `the environment variable ${urlEnv}`
  const text = (
    urlEnv === undefined ? readText('ledger.urlFile', urlFile!) : (env[urlEnv] ?? '')
  ).trim()
  if (/^postgres(ql)?:\/\//.test(text)) return text
  // what stands there may be a password: it is not repeated
  throw new LedgerError(
    `${from} holds no address of PostgreSQL (postgresql://user:password@host/database)`,
  )
}

function readText(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new LedgerError(`${setting}: the file ${file} cannot be read`, { cause })
  }
}

/** Every call that fails because of the database or the way to it fails with LedgerUnavailable. */
function withLedgerErrors(ledger: Ledger): Ledger {
  return {
    ...translated(ledger),
    fence: ledger.fence,
    lease: translated(ledger.lease),
    shares: translated(ledger.shares),
  }
}

function translated<Port extends object>(port: Port): Port {
  const wrapped = Object.entries(port).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? withTranslation(value as Call) : value,
  ])
  return Object.fromEntries(wrapped) as Port
}

type Call = (...given: unknown[]) => Promise<unknown>

const withTranslation =
  (call: Call): Call =>
  (...given) =>
    call(...given).catch((error: unknown) => {
      throw ledgerErrorOf(error)
    })
