/** A real sample store with a few synthetic days in it. Only for tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { seededRandom } from '../../forecaster/random.ts'
import { LOAD_METRIC } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import { parseConfig } from '../config-file.ts'
import { openStore } from '../stores/registry.ts'
import type { Sample } from '../stores/sample-store.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const STEP_MS = 15 * 60 * 1000
export const DAY_STEPS = DAY_MS / STEP_MS
const UNTIL_MS = Date.UTC(2026, 10, 20)

/** Samples of `days` days with a daily pattern and noise, one a step. */
export function syntheticDays(service: string, days: number, seed: number): Sample[] {
  const random = seededRandom(seed)
  const steps = days * DAY_STEPS
  return Array.from({ length: steps }, (_, i) => {
    const load = 60 + 40 * Math.sin((2 * Math.PI * i) / DAY_STEPS)
    const noise = 8 * (random() + random() + random() - 1.5)
    const atMs = UNTIL_MS - (steps - i) * STEP_MS + 1000
    return { service, metric: LOAD_METRIC, atMs, value: Math.max(0, load + noise) }
  })
}

export interface TestFolder {
  readonly folder: string
  readonly configText: string
  readonly config: AppConfig
  fill(samples: readonly Sample[]): Promise<void>
  remove(): Promise<void>
}

/** A folder with a configuration of three services; its store is made by the first `fill`. */
export async function createTestFolder(forecast = 'models: [ensemble, ets]'): Promise<TestFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-backtest-'))
  const stateDir = path.join(folder, 'state')
  const configText = `version: 1
stateDir: ${stateDir}
stepMs: ${STEP_MS}
tickMs: ${STEP_MS}
services: {search: {}, auth: {}, payment: {}}
forecast: {origins: 20, ${forecast}}
`
  const config = parseConfig(configText, 'forescale.yaml')
  return {
    folder,
    configText,
    config,
    async fill(samples) {
      const store = await openStore(config, stateDir)
      await store.append(samples, UNTIL_MS)
      await store.close()
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
