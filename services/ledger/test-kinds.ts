/** Every kind of ledger, for the suites that all of them have to pass: a fresh one each time, on real files and servers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createClient } from '@libsql/client'
import { AppConfig } from '../config.ts'
import type { LedgerConfig } from './config.ts'
import { loadEmbedded, loadPostgresql, OWNER } from './test-old-ledgers.ts'
import { startPostgres, type TestPostgres } from './test-postgres.ts'

export interface Place {
  /** That the ledger is opened with. */
  readonly config: AppConfig
  readonly folder: string
  /** Makes it the ledger of an earlier version, before it is opened. */
  load(migration: string): Promise<void>
  /** By hand, as the role that the ledger itself works as. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  remove(): Promise<void>
}

export interface LedgerKind {
  readonly kind: LedgerConfig['kind']
  /** Begins what all places of a file share; ended by `stop`. */
  start(): Promise<void>
  place(): Promise<Place>
  stop(): Promise<void>
}

const folderOf = () => mkdtemp(path.join(tmpdir(), 'forescale-ledger-'))
const configOf = (ledger: unknown) => AppConfig.parse({ ledger, services: { a: {} } })

async function inFile(file: string, text: string) {
  const client = createClient({ url: `file:${file}` })
  try {
    return (await client.execute(text)).rows
  } finally {
    client.close()
  }
}

let server: TestPostgres | undefined
let places = 0

/** A kind that is missing here does not compile. */
const KINDS: Record<LedgerConfig['kind'], LedgerKind> = {
  embedded: {
    kind: 'embedded',
    start: async () => {},
    async place() {
      const folder = await folderOf()
      const file = path.join(folder, 'ledger.db')
      const load = (migration: string) => loadEmbedded(file, migration)
      const sql = (text: string) => inFile(file, text)
      const remove = () => rm(folder, { recursive: true, force: true })
      return { config: configOf({ kind: 'embedded' }), folder, load, sql, remove }
    },
    stop: async () => {},
  },
  postgresql: {
    kind: 'postgresql',
    async start() {
      server = await startPostgres()
      // as an operator would have it: a superuser is refused nothing that privileges refuse
      await server.query(
        `CREATE ROLE ${OWNER} LOGIN; GRANT CREATE ON DATABASE postgres TO ${OWNER}`,
      )
      process.env.FORESCALE_TEST_LEDGER_URL = server.urlOf(OWNER)
    },
    async place() {
      const folder = await folderOf()
      const ledger = {
        kind: 'postgresql',
        urlEnv: 'FORESCALE_TEST_LEDGER_URL',
        schema: `place_${++places}`,
      }
      const load = (migration: string) => loadPostgresql(server!, ledger.schema, migration)
      const sql = (text: string) => server!.query(text, OWNER, ledger.schema)
      const remove = () => rm(folder, { recursive: true, force: true })
      return { config: configOf(ledger), folder, load, sql, remove }
    },
    async stop() {
      await server?.close()
      server = undefined
    },
  },
}

export const LEDGER_KINDS = Object.values(KINDS)
