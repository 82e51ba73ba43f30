/** A whole controller over a store of choice, by the system clock, with embedded ledger and a target that does nothing. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createDryRun } from '../../services/actuators/dry-run.ts'
import { systemClock } from '../../services/clock.ts'
import { AppConfig } from '../../services/config.ts'
import { openLedger } from '../../services/ledger/registry.ts'
import { type Controller, createController } from '../../services/loops/controller.ts'
import { openStore } from '../../services/stores/registry.ts'
import type { SampleStore } from '../../services/stores/sample-store.ts'

export const TICK_MS = 1000

export interface Rig {
  readonly config: AppConfig
  readonly controller: Controller
  readonly store: SampleStore
  readonly folder: string
  /** What the log said of errors. */
  readonly errors: string[]
  close(): Promise<void>
}

export const serviceName = (i: number): string => `s${i}`

/** Services that are scaled by the reactive rule, enforced: what is held and what shrinks can be seen at once. */
export async function startRig(store: object, services: number, more: object = {}): Promise<Rig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'forescale-stores-'))
  const config = AppConfig.parse({
    ...{ store, mode: 'enforce', tickMs: TICK_MS, stepMs: TICK_MS },
    costBudgetPerHour: services * 100,
    forecast: { models: ['seasonal-naive'], seasonsMs: [60_000] },
    services: Object.fromEntries(
      Array.from({ length: services }, (_, i) => [
        serviceName(i),
        { policy: 'reactive', maxReplicas: 100 },
      ]),
    ),
    ...more,
  })
  const opened = await openStore(config, folder)
  const ledger = await openLedger(config, folder)
  const actuator = createDryRun(new Map(Object.keys(config.services).map((name) => [name, 5])))
  const errors: string[] = []
  const controller = await createController({
    config,
    reread: () => config,
    clock: systemClock,
    ...{ store: opened, ledger, actuator },
    fitter: { fit: () => Promise.reject(new Error('no fit here')), close: async () => {} },
    webhooks: {
      kick: () => {},
      counts: () => ({ delivered: 0, failedAttempts: 0, givenUp: 0 }),
      close: async () => {},
    },
    log: {
      info: () => {},
      warn: () => {},
      error: (fields, message) => void errors.push(`${message}: ${Reflect.get(fields, 'err')}`),
    },
  })
  return {
    ...{ config, controller, store: opened, folder, errors },
    async close() {
      await controller.stop()
      await opened.close()
      await ledger.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
