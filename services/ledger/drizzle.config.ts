/** `npx drizzle-kit generate --config services/ledger/drizzle.config.ts` writes the next migration. */
import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: './services/ledger/schema.ts',
  out: './services/ledger/migrations',
})
