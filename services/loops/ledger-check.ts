/** The ledger's part of readiness: degraded while ticks go on without it, which no restart would mend. */
import type { HealthCheck } from '../control-plane.ts'
import { type Ledger, LedgerUnavailable } from '../ledger/ledger.ts'

export async function ledgerCheck(
  ledger: Pick<Ledger, 'lastTick' | 'health'>,
): Promise<HealthCheck> {
  const name = 'ledger'
  const health = ledger.health?.()
  if (health?.state === 'degraded') {
    const detail = `${health.reason}; ${health.queued} writes wait on local disk`
    return { name, ok: true, degraded: true, detail }
  }
  try {
    return { name, ok: true, detail: `tick ${(await ledger.lastTick())?.tick ?? 'none yet'}` }
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error)
    const isAway = error instanceof LedgerUnavailable && health !== undefined
    return { name, ok: isAway, ...(isAway ? { degraded: true } : {}), detail }
  }
}
