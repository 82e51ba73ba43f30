/** The configured ledger itself, for commands that work on this machine without the API: the first key, and checks. */
import path from 'node:path'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { configFileOf } from './context.ts'
import type { Surroundings } from './terminal.ts'

/** Opens it for `work` and closes it. A controller may have it open at the same time. */
export async function withLedger<T>(
  configFile: unknown,
  { env }: Surroundings,
  work: (ledger: Ledger, config: AppConfig) => Promise<T>,
): Promise<T> {
  // not for who asks the controller
  const { loadConfigFile } = await import('../config-file.ts')
  const { openLedger } = await import('../ledger/registry.ts')
  const config = loadConfigFile(configFileOf(configFile, env), env)
  const ledger = await openLedger(config, path.resolve(config.stateDir))
  try {
    return await work(ledger, config)
  } finally {
    await ledger.close()
  }
}
