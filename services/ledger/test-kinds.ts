/** Every kind of ledger, for the suites that all of them have to pass: a fresh one each time, on real files and servers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AppConfig } from '../config.ts'
import type { LedgerConfig } from './config.ts'
import { startPostgres, type TestPostgres } from './test-postgres.ts'

export interface Place {
  /** That the ledger is opened with. */
  readonly config: AppConfig
  readonly folder: string
  remove(): Promise<void>
}

interface Kind {
  readonly kind: LedgerConfig['kind']
  /** Begins what all places of a file share; ended by `stop`. */
  start(): Promise<void>
  place(): Promise<Place>
  stop(): Promise<void>
}

const folderOf = () => mkdtemp(path.join(tmpdir(), 'forescale-ledger-'))
const configOf = (ledger: unknown) => AppConfig.parse({ ledger, services: { a: {} } })

let server: TestPostgres | undefined
let places = 0

/** A kind that is missing here does not compile. */
const KINDS: Record<LedgerConfig['kind'], Kind> = {
  embedded: {
    kind: 'embedded',
    start: async () => {},
    async place() {
      const folder = await folderOf()
      const remove = () => rm(folder, { recursive: true, force: true })
      return { config: configOf({ kind: 'embedded' }), folder, remove }
    },
    stop: async () => {},
  },
  postgresql: {
    kind: 'postgresql',
    async start() {
      server = await startPostgres()
      process.env.FORESCALE_TEST_LEDGER_URL = server.url
    },
    async place() {
      const folder = await folderOf()
      const ledger = {
        kind: 'postgresql',
        urlEnv: 'FORESCALE_TEST_LEDGER_URL',
        schema: `place_${++places}`,
      }
      const remove = () => rm(folder, { recursive: true, force: true })
      return { config: configOf(ledger), folder, remove }
    },
    async stop() {
      await server?.close()
      server = undefined
    },
  },
}

export const LEDGER_KINDS = Object.values(KINDS)
