/**
 * Targets that will not shrink. A decrease that is refused again and again frees no money, and increases that wait for it would
 * wait as long as it refuses. So what such a target runs is counted as it stands, and is only advised about, for a few ticks;
 * then it is asked once more.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ObservedReplicas } from '../actuators/actuator.ts'
import type { Settled } from './apply.ts'
import type { Unanswered } from './unanswered.ts'

/** From a refusal that others waited for until it is asked again, ticks. */
const HELD_TICKS = 4

export interface Refusal {
  /** The tick that asks again. */
  readonly untilTick: number
  readonly detail: string
}
export type Refusals = ReadonlyMap<ServiceId, Refusal>

interface Ordered {
  readonly id: string
  readonly service: ServiceId
  readonly from: number
  readonly to: number
}

interface Standing {
  /** That has just ended. */
  readonly tick: number
  /** Orders that got no answer: those did not refuse. */
  readonly unanswered?: Unanswered
  readonly refusals?: Refusals
}

/** What a tick's orders say: who refused to shrink while somebody waited for that in vain. */
export function refusalsAfter(
  { tick, unanswered, refusals }: Standing,
  orders: readonly Ordered[],
  settled: readonly Settled[],
): Refusals {
  const next = new Map([...(refusals ?? [])].filter(([, { untilTick }]) => untilTick > tick))
  const orderById = new Map(orders.map((order) => [order.id, order]))
  const failed = settled.flatMap(({ id, settlement, detail = '' }) => {
    const order = orderById.get(id)
    const isAnswered = order && settlement === 'failed' && !unanswered?.has(order.service)
    return isAnswered ? [{ ...order, detail }] : []
  })
  if (!failed.some(({ from, to }) => to > from)) return next
  for (const { service, from, to, detail } of failed)
    if (to < from) next.set(service, { untilTick: tick + HELD_TICKS, detail })
  return next
}

/** What targets run, with those among the others' conflicts that will not shrink. */
export function withRefusals(
  observed: ReadonlyMap<ServiceId, ObservedReplicas>,
  refusals: Refusals | undefined,
  tick: number,
): ReadonlyMap<ServiceId, ObservedReplicas> {
  const held = [...(refusals ?? [])].flatMap(([service, { untilTick, detail }]) => {
    const counts = observed.get(service)
    if (!counts || counts.conflict?.holds || tick >= untilTick) return []
    const conflict = {
      ...{ kind: 'refused' as const, by: service, holds: true },
      detail: `It refuses to shrink while others wait for its money (${detail}); it is asked again in a few ticks.`,
    }
    return [[service, { ...counts, conflict }] as const]
  })
  return held.length === 0 ? observed : new Map([...observed, ...held])
}
