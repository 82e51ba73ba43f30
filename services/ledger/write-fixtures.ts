/**
 * Makes the ledgers of earlier versions (fixtures/) that are not there yet, after a new migration:
 *
 *   node services/ledger/write-fixtures.ts
 *
 * Those that are there stay as they are: they stand for files and schemas out in the world. Needs PostgreSQL's server.
 */
import { mkdirSync } from 'node:fs'
import {
  fixturesFolder,
  isThere,
  migrationsOf,
  OWNER,
  writeEmbedded,
  writePostgresql,
} from './test-old-ledgers.ts'
import { startPostgres } from './test-postgres.ts'

for (const kind of ['embedded', 'postgresql'] as const)
  mkdirSync(fixturesFolder(kind), { recursive: true })

for (const tag of migrationsOf('embedded').filter((one) => !isThere('embedded', one))) {
  await writeEmbedded(tag)
  process.stdout.write(`embedded/${tag}.sql\n`)
}
const missing = migrationsOf('postgresql').filter((one) => !isThere('postgresql', one))
if (missing.length > 0) {
  const server = await startPostgres()
  try {
    await server.query(`CREATE ROLE ${OWNER} LOGIN; GRANT CREATE ON DATABASE postgres TO ${OWNER}`)
    for (const tag of missing) {
      await writePostgresql(server, tag)
      process.stdout.write(`postgresql/${tag}.sql\n`)
    }
  } finally {
    await server.close()
  }
}
