/**
 * The next migration of both dialects, from tables.ts:
 *
 *   node services/ledger/generate-migrations.ts --name what_it_is
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

for (const config of ['drizzle.config.ts', 'drizzle-postgresql.config.ts']) {
  const args = ['generate', '--config', `services/ledger/${config}`, ...process.argv.slice(2)]
  const { status } = spawnSync('drizzle-kit', args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${ROOT}/node_modules/.bin:${process.env.PATH}` },
  })
  if (status !== 0) process.exit(status ?? 1)
}
