/** What the running controller says of its parts. */
import type { Actuator } from '../actuators/actuator.ts'
import type { HealthCheck } from '../control-plane.ts'
import type { ClockDoubt } from './clock-doubt.ts'
import type { Core } from './core.ts'
import { ledgerCheck } from './ledger-check.ts'
import { storeCheck } from './store-check.ts'

/** Nothing where the target has nothing to say. */
async function actuatorCheck({ health }: Actuator): Promise<HealthCheck[]> {
  if (!health) return []
  return [{ name: 'actuator', ...(await health()) }]
}

/** Nothing where nothing speaks against the clock: a wrong one is an operator's to set, no restart would mend it. */
function clockCheck(doubt: ClockDoubt | undefined): HealthCheck[] {
  const behindMs = doubt?.behindMs() ?? 0
  if (behindMs === 0) return []
  const why = doubt?.isSeen() ? 'loads are of a time to come' : 'no load has told yet'
  const detail = `it may stand ${Math.ceil(behindMs / 1000)} s behind: ${why}; loads count as so much older`
  return [{ name: 'clock', ok: true, degraded: true, detail }]
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
    ...clockCheck(parts.loop.state.doubt),
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
