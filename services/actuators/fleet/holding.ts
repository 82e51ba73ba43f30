/**
 * One target as the fleet holds it: with a deadline that nothing outlasts, a circuit breaker that leaves alone what fails
 * again and again, and what this process remembers of orders and leaders.
 */
import { ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import type { ServiceId } from '../../../forecaster/series.ts'
import type { ScaleConflict } from '../../kubernetes/target/conflict.ts'
import type { Fence, ObservedReplicas, ScaleOrder, ScaleResult } from '../actuator.ts'
import { failedOrder } from '../decreases-first.ts'
import { mayBeDone, NoAnswer } from '../lost.ts'
import { countMembers, createStartupBook } from './members.ts'
import { judge, lastDecisionOf } from './orders.ts'
import type { FleetTarget, Mark, TargetView } from './target.ts'

const BREAK_AFTER_FAILURES = 5
const HALF_OPEN_AFTER_MS = 30_000

export interface Holding {
  readonly service: ServiceId
  /** Throws when the target cannot be read in time. */
  observe(): Promise<ObservedReplicas>
  /** Never throws. */
  send(order: ScaleOrder): Promise<ScaleResult>
  /** Makes a new leader known to the target, where it can hold that; throws when it cannot be told. */
  tell(fence: Fence): Promise<void>
  /** Whether there is more than was asked for: a group takes a while before it begins to let go. */
  isReleasing(): Promise<boolean>
  close(): Promise<void>
}

export interface HoldingOptions {
  readonly service: ServiceId
  readonly target: FleetTarget
  readonly deadlineMs: number
  /** Ends everything under way. */
  readonly stopped: AbortSignal
}

export function createHolding({ service, target, deadlineMs, stopped }: HoldingOptions): Holding {
  const startups = createStartupBook()
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: HALF_OPEN_AFTER_MS,
    breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES),
  })
  /** What was written last: it stands in for targets that hold no marks. */
  let written: Mark = {}
  /** Greatest token seen, by ledger. */
  const fences = new Map<string, number>()

  /** Also ends what neither answers nor heeds the signal. */
  function timed<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return breaker.execute(async () => {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(deadlineMs)])
      const late = Promise.withResolvers<never>()
      const giveUp = () =>
        late.reject(new NoAnswer(`${target.name}: no answer in ${deadlineMs} ms`))
      signal.addEventListener('abort', giveUp, { once: true })
      try {
        return await Promise.race([work(signal), late.promise])
      } finally {
        signal.removeEventListener('abort', giveUp)
      }
    })
  }

  const look = () =>
    timed(async (signal): Promise<TargetView> => {
      const view = await target.observe(signal)
      const isMarked = view.mark.decisionId !== undefined
      return isMarked ? view : { ...view, mark: { ...written, ...definedOf(view.mark) } }
    })

  const remember = ({ ledger, token }: Fence) =>
    fences.set(ledger, Math.max(token, fences.get(ledger) ?? 0))

  async function carryOut(order: ScaleOrder): Promise<ScaleResult> {
    const { decisionId } = order
    const view = await look()
    const verdict = judge(order, view, fences)
    if (verdict.kind === 'refused') return failedOrder(order, `${target.name}: ${verdict.why}`)
    if (verdict.kind === 'set') {
      try {
        await timed((signal) => target.scale(verdict.replicas, verdict.mark, view, signal))
      } catch (error) {
        if (!mayBeDone(error)) throw error
        return { ...failedOrder(order, messageOf(error)), isUnanswered: true }
      }
      written = verdict.mark
    }
    if (order.fence) remember(order.fence)
    const { note } = verdict
    return { decisionId, service, outcome: 'applied', ...(note ? { detail: note } : {}) }
  }

  return {
    service,
    async observe() {
      const view = await look()
      return {
        requested: view.requested,
        ...countMembers(view.members),
        recentStartupsMs: startups.follow(view.members, Date.now()),
        lastDecisionId: lastDecisionOf(view),
        ...(view.otherWriter === undefined
          ? {}
          : { conflict: conflictOf(target, view.otherWriter) }),
      }
    },
    send: (order) => carryOut(order).catch((error) => failedOrder(order, messageOf(error))),
    async tell(fence) {
      remember(fence)
      if (!target.writeMark) return
      const view = await look()
      const { ledger, token } = view.mark
      if (ledger === fence.ledger && token !== undefined && token >= fence.token) return
      await timed((signal) => target.writeMark!({ ...view.mark, ...fence }, view, signal))
    },
    async isReleasing() {
      const { members, requested } = await look()
      return members.length > requested
    },
    async close() {
      await target.close?.()
    },
  }
}

/** Two that write a count in turn make it flap: the service is only advised, and its view says by whom it is held. */
function conflictOf({ name }: FleetTarget, by: string): ScaleConflict {
  const detail = `${by} sets the count of ${name} too. Switch it off to have Forescale scale it.`
  return { kind: 'autoscaler', by, holds: true, detail }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const definedOf = (mark: Mark): Mark =>
  Object.fromEntries(Object.entries(mark).filter(([, value]) => value !== undefined))
