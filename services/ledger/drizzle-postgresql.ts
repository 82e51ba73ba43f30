/** What the ledger uses of drizzle for PostgreSQL alone; why it is loaded so stands in drizzle.ts. */
import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

export const { drizzle: nodePostgres }: typeof import('drizzle-orm/node-postgres') = load(
  'drizzle-orm/node-postgres',
)

export const { migrate: migratePostgresql }: typeof import('drizzle-orm/node-postgres/migrator') =
  load('drizzle-orm/node-postgres/migrator')

/** The builders of PostgreSQL's tables. */
export const pgCore: typeof import('drizzle-orm/pg-core') = load('drizzle-orm/pg-core')
