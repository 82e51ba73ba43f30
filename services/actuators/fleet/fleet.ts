/**
 * An actuator over groups that something else runs: containers of an engine, services and instance groups of a cloud.
 * One rule for all of them: decreases first, increases when what was let go is gone, and one target that fails or hangs
 * stops no other.
 */
import type { ServiceId } from '../../../forecaster/series.ts'
import type { Actuator, ObservedReplicas, ScaleOrder } from '../actuator.ts'
import { decreasesFirst, eachOf, failedOrder } from '../decreases-first.ts'
import { createHolding, type Holding, messageOf } from './holding.ts'
import type { FleetTarget } from './target.ts'

/** Targets that are worked on at once: vendors limit how often they may be asked. */
const AT_ONCE = 8
const POLL_MS = 500

export interface FleetOptions {
  readonly targets: ReadonlyMap<ServiceId, FleetTarget>
  /** Longest look at one target, or change of it, retries included, ms. */
  readonly deadlineMs: number
  /** How long increases wait for the replicas that decreases of the same tick let go, ms. */
  readonly releaseWaitMs: number
  /** Told of a target that cannot be read: its service is left alone for this tick. */
  readonly warn: (service: ServiceId, problem: string) => void
  /** Ends what all targets share. */
  readonly closeShared?: () => Promise<void>
}

/** None of the targets answers. */
export class FleetUnreachable extends Error {
  override name = 'FleetUnreachable'
}

/** `observe` leaves out services whose target cannot be read, and throws FleetUnreachable when that is all of them. */
export function createFleet(options: FleetOptions): Actuator {
  const { deadlineMs, releaseWaitMs, warn } = options
  const stop = new AbortController()
  const stopped = stop.signal
  const holdings = new Map<ServiceId, Holding>()
  for (const [service, target] of options.targets)
    holdings.set(service, createHolding({ service, target, deadlineMs, stopped }))
  const all = [...holdings.values()]
  /** What was wrong at the last look, by service. */
  let unread: ReadonlyMap<ServiceId, string> = new Map()

  const send = async (order: ScaleOrder) =>
    (await holdings.get(order.service)?.send(order)) ??
    failedOrder(order, `service "${order.service}" has no target in actuator.targets`)

  /** True when nothing is left of what the orders let go; a target that cannot be read may still have it. */
  async function released(orders: readonly ScaleOrder[]): Promise<boolean> {
    const giveUpMs = Date.now() + releaseWaitMs
    for (;;) {
      const left = await eachOf(orders, AT_ONCE, ({ service }) =>
        holdings
          .get(service)!
          .isReleasing()
          .catch(() => true),
      )
      if (!left.includes(true)) return true
      if (Date.now() + POLL_MS > giveUpMs || stopped.aborted) return false
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  return {
    async observe() {
      const { observed, problems } = await observeAll(all, warn)
      unread = problems
      if (all.length > 0 && observed.size === 0)
        throw new FleetUnreachable(`no target can be read: ${[...problems.values()][0]}`)
      return observed
    },
    async health() {
      const told = [...unread].map(([service, problem]) => `${service}: ${problem}`)
      const ok = all.length === 0 || unread.size < all.length
      const detail = told.length > 0 ? told.join('; ') : `${all.length} targets are read`
      return { ok, degraded: unread.size > 0, detail }
    },
    apply: (orders) =>
      decreasesFirst(orders, { send, released, atOnce: AT_ONCE, releaseLimitMs: releaseWaitMs }),
    async announce(fence) {
      // one that cannot be told now is told by the first order that reaches it
      await eachOf(all, AT_ONCE, (holding) =>
        holding.tell(fence).catch((error) => warn(holding.service, messageOf(error))),
      )
    },
    async close() {
      stop.abort()
      for (const holding of all) await holding.close()
      await options.closeShared?.()
    },
  }
}

interface Looked {
  readonly observed: Map<ServiceId, ObservedReplicas>
  readonly problems: Map<ServiceId, string>
}

async function observeAll(
  holdings: readonly Holding[],
  warn: FleetOptions['warn'],
): Promise<Looked> {
  const observed = new Map<ServiceId, ObservedReplicas>()
  const problems = new Map<ServiceId, string>()
  await eachOf(holdings, AT_ONCE, async (holding) => {
    try {
      observed.set(holding.service, await holding.observe())
    } catch (error) {
      problems.set(holding.service, messageOf(error))
      warn(holding.service, messageOf(error))
    }
  })
  return { observed, problems }
}
