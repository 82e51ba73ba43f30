/** For generate-migrations.ts: PostgreSQL's. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: './services/ledger/schema-postgresql.ts',
  out: './services/ledger/migrations-postgresql',
})
