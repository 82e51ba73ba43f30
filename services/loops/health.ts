/** What the running controller says of its parts. */
import type { Actuator } from '../actuators/actuator.ts'
import type { HealthCheck } from '../control-plane.ts'
import type { Core } from './core.ts'
import { ledgerCheck } from './ledger-check.ts'
import { storeCheck } from './store-check.ts'

/** Nothing where the target has nothing to say. */
async function actuatorCheck({ health }: Actuator): Promise<HealthCheck[]> {
  if (!health) return []
  return [{ name: 'actuator', ...(await health()) }]
}

export async function checkHealth({ deps, parts, last, config }: Core): Promise<HealthCheck[]> {
  const { store, ledger, clock, actuator } = deps
  const lastMs = last?.decided.input.atMs
  const late =
    clock.kind === 'system' && lastMs !== undefined && clock.nowMs() - lastMs > 5 * config.tickMs
  const fitted = [...parts.book.entries.values()].filter((e) => e.contenders.champion).length
  return [
    await storeCheck(store, parts.book, clock.nowMs()),
    await ledgerCheck(ledger),
    ...(await actuatorCheck(actuator)),
    {
      name: 'loop',
      ok: !late,
      detail: lastMs === undefined ? 'no tick yet' : `last tick ${clock.nowMs() - lastMs} ms ago`,
    },
    {
      name: 'forecasts',
      ok: true,
      detail: `${fitted} of ${parts.book.entries.size} services have a fitted model`,
    },
  ]
}
