/** A controller under the lease that its configuration asks for: alone on its ledger, or one of several that elect a leader. */
import type { Actuator, ReportedActuator } from '../actuators/actuator.ts'
import { type ManualClock, type RunningClock, systemClock } from '../clock.ts'
import type { AppConfig } from '../config.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Instant } from '../loops/clock-jumps.ts'
import type { Controller } from '../loops/controller.ts'
import { createElectedLease } from './elected.ts'
import { createFencedActuator } from './fenced-actuator.ts'
import { instanceName } from './instance.ts'
import type { Leadership, Lease, LeaseStore } from './lease.ts'
import { createLedController, NOBODYS_TOKEN } from './led-controller.ts'
import { raiseTo } from './raise.ts'
import { createSoleLease } from './sole.ts'

type AnyActuator = Actuator | ReportedActuator

export interface LeadDeps {
  readonly config: AppConfig
  readonly ledger: Ledger
  /** Where controllers elect their leader; absent: in the ledger. */
  readonly leases?: LeaseStore | undefined
  readonly actuator: AnyActuator
  /** Where this instance keeps its name, the same in every run. */
  readonly stateDir: string
  /** The name of an instance that has no folder. */
  readonly holder?: string
  readonly clock: RunningClock | ManualClock
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
  /** A controller of what the ledger holds now, which acts by this actuator; `lastSeen` as in LedOptions. */
  readonly make: (actuator: AnyActuator, lastSeen?: Instant) => Promise<Controller>
}

export async function openLed(deps: LeadDeps): Promise<Controller> {
  const { config, ledger, actuator, stateDir, log, make } = deps
  const holder = deps.holder ?? instanceName(stateDir)
  // an election goes on by itself, also where ticks wait for somebody to move the time
  const clock = deps.clock.kind === 'system' ? deps.clock : systemClock
  const { election, url, lease: _, ...times } = config.leader
  const leases = election ? (deps.leases ?? ledger.lease) : ledger.lease
  const lease: Lease = election
    ? createElectedLease({
        ...{ store: leases, holder, url, times },
        monotonicMs: clock.monotonicMs,
      })
    : await createSoleLease(ledger.lease, holder, url)
  const fenced = createFencedActuator({
    ...{ actuator, lease, ledger: ledger.epoch },
    hold: () => (election ? awayFrom(ledger) : undefined),
  })
  async function announce(token: number | undefined): Promise<void> {
    if (token !== undefined && leases !== ledger.lease)
      await raiseTo(ledger.lease, { token, holder, url })
    ledger.fence(token ?? NOBODYS_TOKEN)
    if (token === undefined) return
    // a target that cannot be told now is told with the first order
    await actuator
      .announce?.({ ledger: ledger.epoch, token })
      .catch((error: unknown) => log.warn({ err: error }, 'a target was not told who leads'))
  }
  if (!election) {
    const { token } = lease.held()!
    await announce(token)
    const leadership = (): Leadership => ({ leads: true, token, leader: holder, url: '' })
    return { ...(await make(fenced)), leadership }
  }
  return createLedController({
    ...{ lease, announce, log, retryMs: times.retryMs, clock },
    make: (lastSeen) => make(fenced, lastSeen),
  })
}

/** With several controllers an effect needs its decision where the next leader finds it. */
function awayFrom(ledger: Ledger): string | undefined {
  return ledger.health?.().state === 'degraded'
    ? 'the ledger does not answer, and another controller may lead'
    : undefined
}
