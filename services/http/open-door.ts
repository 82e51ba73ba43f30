/** The door as the configuration has it. */
import type { Logger } from 'pino'
import { type OutboundRule, rulesOf } from '../../datasets/outbound/rules.ts'
import { createAccess } from '../access/access.ts'
import { createLimits } from '../access/limits.ts'
import { createAuditLog } from '../audit/audit.ts'
import { systemClock } from '../clock.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Door } from './door.ts'

interface DoorDeps {
  readonly control: ControlPlane
  readonly ledger: Ledger
  readonly log?: Logger | undefined
}

/** Keys and tokens end by the wall clock, also where ticks are run by hand. */
export function openDoor({ control, ledger, log }: DoorDeps): Door {
  const { http } = control.config()
  const { nowMs } = systemClock
  const access = createAccess({
    ...{ ledger, nowMs, log },
    config: () => control.config().http.auth,
    fetchJson: (url) => fetchJson(url, control.config().http.auth.jwt?.networks),
  })
  return {
    ...{ access, log, limits: createLimits(http.limits), trustedProxies: http.trustedProxies },
    audit: createAuditLog(ledger, nowMs),
  }
}

/** Where the configuration says that the issuer is, and nowhere else. */
async function fetchJson(url: string, networks: OutboundRule['networks']): Promise<unknown> {
  const allow = rulesOf([url]).map((rule) => ({ ...rule, networks }))
  const { createGuardedFetch } = await import('../../datasets/outbound/guarded-fetch.ts')
  const guarded = createGuardedFetch({ allow })
  try {
    const { status, text } = await guarded(url, { headers: { accept: 'application/json' } })
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    return JSON.parse(text)
  } finally {
    await guarded.close()
  }
}
