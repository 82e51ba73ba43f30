/** For generate-migrations.ts: the embedded one's. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: './services/ledger/schema.ts',
  out: './services/ledger/migrations',
})
