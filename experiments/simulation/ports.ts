/**
 * The ports of one run of a controller: ledger, sample store and actuator, each at the other end of the simulated network.
 * Planted bugs (mutants.ts) sit here and in the servers, never in product code.
 */
import type { Actuator, ScaleOrder, ScaleResult } from '../../services/actuators/actuator.ts'
import type { Ledger } from '../../services/ledger/ledger.ts'
import type { SampleStore } from '../../services/stores/sample-store.ts'
import type { Knobs } from './knobs.ts'
import type { Run } from './machine.ts'
import { type CallOptions, NoAnswer } from './network.ts'
import type { Order } from './platform.ts'
import type { World } from './world.ts'

/** A run of the process on a machine, as callers name themselves. */
export interface Caller {
  readonly name: string
  readonly run: Run
}

/** Where each call of an object's methods goes. */
export type Send = <T>(method: string, work: () => Promise<T>) => Promise<T>

/** `target` at the other end of `send`; what is no method is known here. */
export function remote<T extends object>(target: T, send: Send): T {
  return new Proxy(target, {
    get(known, name) {
      const method: unknown = Reflect.get(known, name)
      if (typeof method !== 'function' || typeof name !== 'string') return method
      return (...args: unknown[]) => send(name, async () => method.apply(known, args))
    },
  })
}

export function ledgerPort(world: World, caller: Caller): Ledger {
  const { network, ledgerServer, ledgerBook, options } = world
  let token: number | undefined
  const send: Send = (method, work) =>
    network.call(
      caller,
      ledgerServer,
      method,
      () => world.transact(method, token, work),
      options(caller),
    )
  const port = remote(ledgerBook.ledger, send)
  const lease = world.leases.follow(remote(ledgerBook.ledger.lease, send), caller.name)
  return new Proxy(port, {
    get(known, name) {
      if (name === 'fence')
        return (next: number): void => {
          token = next
        }
      if (name === 'lease') return lease
      if (name === 'close') return async () => {}
      if (name === 'openTick')
        return async (...args: Parameters<Ledger['openTick']>) => {
          await known.openTick(...args)
          world.checker.told.acknowledged.add(args[0].tick)
        }
      return Reflect.get(known, name)
    },
  })
}

export function storePort(world: World, caller: Caller): SampleStore {
  const { network, storeServer, sampleBook, options } = world
  return remote(sampleBook, (method, work) =>
    network.call(caller, storeServer, method, work, options(caller)),
  )
}

const TRIES = 2
/** How long increases wait for what was let go to be gone; later they are not carried out any more. */
export const releaseLimitMs = ({ drainMs, timeoutMs }: Knobs): number =>
  1.5 * drainMs + 2 * timeoutMs + 1000

/**
 * The contract of services/actuators/actuator.ts over the network: every order is absolute, names its decision, and is
 * compared with the version of the target that its decision was made on; what got no answer is asked once more.
 */
export function actuatorPort(world: World, caller: Caller): Actuator {
  const { network, platformServer, platform, knobs, scheduler, checker } = world
  const versions = new Map<string, number>()
  const options: CallOptions = world.options(caller)
  const call = <T>(name: string, work: () => T) =>
    network.call(caller, platformServer, name, async () => work(), options)

  async function twice<T>(work: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof NoAnswer) || tried === TRIES) throw error
      }
    }
  }

  const observe = () => twice(() => call('observe', platform.observe))

  async function send(order: ScaleOrder): Promise<ScaleResult> {
    const { decisionId, service, from, to } = order
    const asked: Order = {
      ...{ service, decisionId, from, to, by: undefined },
      version: versions.get(service),
      token: order.fence?.token,
    }
    let isUnanswered = false
    try {
      await twice(() =>
        call('order', () => world.order(asked)).catch((error) => {
          isUnanswered ||= error instanceof NoAnswer
          throw error
        }),
      )
      return { decisionId, service, outcome: 'applied' }
    } catch (error) {
      return { decisionId, service, outcome: 'failed', isUnanswered, detail: String(error) }
    }
  }

  async function released(services: ReadonlySet<string>): Promise<boolean> {
    const { clock } = caller.run
    const giveUpMs = clock.monotonicMs() + releaseLimitMs(knobs)
    while (clock.monotonicMs() < giveUpMs) {
      const seen = await observe().catch(() => undefined)
      if (seen && [...services].every((name) => (seen.get(name)?.terminating ?? 0) === 0))
        return clock.monotonicMs() < giveUpMs // who stood still meanwhile is too late
      await new Promise<void>((done) => clock.after(knobs.drainMs / 10 + 100, done))
    }
    return false
  }

  async function waited(services: ReadonlySet<string>): Promise<boolean> {
    const wait = { fromMs: scheduler.nowMs(), toMs: Number.POSITIVE_INFINITY }
    checker.told.waits.push(wait)
    const isFree = await released(services)
    wait.toMs = scheduler.nowMs()
    return isFree
  }

  return {
    async observe() {
      const seen = await observe()
      for (const [service, { version }] of seen) versions.set(service, version)
      return seen
    },
    async apply(orders) {
      const results = new Map<string, ScaleResult>()
      const sendAll = async (some: readonly ScaleOrder[]): Promise<void> => {
        for (const result of await Promise.all(some.map(send)))
          results.set(result.decisionId, result)
      }
      const downs = orders.filter(({ from, to }) => to < from)
      const ups = orders.filter(({ from, to }) => to >= from)
      await sendAll(downs)
      const isLow = downs.every(({ decisionId }) => results.get(decisionId)?.outcome === 'applied')
      const mustWait = downs.length > 0 && ups.length > 0
      const lowered = new Set(downs.map(({ service }) => service))
      if (!mustWait || (isLow && (await waited(lowered)))) await sendAll(ups)
      return orders.map(
        ({ decisionId, service }) =>
          results.get(decisionId) ?? {
            ...{ decisionId, service, outcome: 'failed' as const },
            detail: 'the replicas to be released first are still there',
          },
      )
    },
    announce: ({ token }) => twice(() => call('announce', () => platform.announce(token))),
    async close() {},
  }
}
