/**
 * One controller to those who ask, whoever leads. While another leads this one follows: it shows what the ledger says and
 * changes nothing. When it takes the lead, a controller is made afresh from the ledger and the stores, which hold all
 * state: that is what makes controllers disposable.
 */
import type { RunningClock } from '../clock.ts'
import type { ControlEvent } from '../control-plane.ts'
import type { Instant } from '../loops/clock-jumps.ts'
import type { Controller } from '../loops/controller.ts'
import { createElector } from './elector.ts'
import type { HeldLease, Leadership, Lease } from './lease.ts'

export interface LedOptions {
  readonly lease: Lease
  /** A controller of what the ledger holds now; `lastSeen` is what the one before it here knew of the last tick. */
  readonly make: (lastSeen?: Instant) => Promise<Controller>
  /** Before a new leader's first effect: its token is told to the ledger and to the targets. */
  readonly announce: (token: number | undefined) => Promise<void>
  readonly retryMs: number
  readonly clock: RunningClock
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
}

/** Of the ledger's fence: no leader ever has it. */
export const NOBODYS_TOKEN = 0

export async function createLedController(options: LedOptions): Promise<Controller> {
  const { lease, make, announce, retryMs, clock, log } = options
  let current = await make()
  let leads = false
  let stopFollowing: () => void = () => {}
  let following: Promise<void> = Promise.resolve()
  const listeners = new Map<(event: ControlEvent) => void, () => void>()
  const warn = (error: unknown) =>
    log.warn({ err: error }, 'the lease or the leader cannot be followed')

  function follow(): void {
    following = current.follow().catch(warn)
    stopFollowing = clock.after(current.config().tickMs, follow)
  }

  async function replace(): Promise<void> {
    const before = current
    current = await make(before.lastSeen())
    for (const listener of listeners.keys()) listeners.set(listener, current.subscribe(listener))
    await before.stop()
  }

  async function lead({ token }: HeldLease): Promise<void> {
    stopFollowing()
    await following
    try {
      await announce(token)
      await replace()
      await current.start()
    } catch (error) {
      await announce(undefined)
      follow()
      throw error
    }
    leads = true
    log.info({ fencing: token }, 'leads')
  }

  async function stepDown(): Promise<void> {
    log.warn({ leader: lease.seen()?.holder }, 'no longer leads')
    leads = false
    await announce(undefined)
    await current.stop()
    follow()
  }

  const elector = createElector({
    ...{ lease, retryMs, clock },
    onError: warn,
    async onChange(held) {
      if (leads) await stepDown()
      if (held) await lead(held)
    },
  })
  const leadership = () => leadershipOf(lease, leads)
  const own: Partial<Controller> = {
    leadership,
    subscribe(listener) {
      listeners.set(listener, current.subscribe(listener))
      return () => {
        listeners.get(listener)?.()
        listeners.delete(listener)
      }
    },
    async health() {
      const { leads: own, leader, token, url } = leadership()
      const detail = own ? `leads with token ${token}` : `follows ${leader ?? 'nobody yet'} ${url}`
      return [...(await current.health()), { name: 'leader', ok: true, detail: detail.trimEnd() }]
    },
    async start() {
      await announce(undefined)
      follow()
      await elector.start()
    },
    async stop() {
      stopFollowing()
      await following
      await current.stop()
      await elector.stop()
    },
  }
  return new Proxy(own as Controller, {
    get: (target, key) => Reflect.get(target, key) ?? Reflect.get(current, key),
  })
}

function leadershipOf(lease: Lease, leads: boolean): Leadership {
  const held = lease.held()
  if (held && leads) return { leads: true, token: held.token, leader: held.holder, url: '' }
  const { token = null, holder: leader = null, url = '' } = lease.seen() ?? {}
  return { leads: false, token, leader, url }
}
