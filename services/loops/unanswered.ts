/**
 * Orders that got no answer. Such an order may be carried out long after its sender gave up, when the money that it was
 * granted is spent elsewhere. So the next tick, before it spends, orders what is there once more: a target that compares
 * what was looked at with what it is now refuses the old order from then on. Where that fails too, the money is set aside.
 */
import type { TickInput } from '../../coordinator/tick-input.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { ScaleResult } from '../actuators/actuator.ts'

/** An order that may still be carried out, unless its target has changed since. */
export interface OpenOrder {
  readonly from: number
  readonly to: number
}
export type Unanswered = ReadonlyMap<ServiceId, OpenOrder>

type Order = OpenOrder & { readonly id: string; readonly service: ServiceId }

/** Those that can still come: a target that changed, or that nobody may change, has nothing to do with them any more. */
export function stillOpen(open: Unanswered, { services }: TickInput): Map<ServiceId, OpenOrder> {
  const left = new Map<ServiceId, OpenOrder>()
  for (const { mode, observation } of services) {
    const order = open.get(observation.service)
    if (order && mode === 'enforce' && order.from === observation.replicas.requested)
      left.set(observation.service, order)
  }
  return left
}

/** `open` after what came of later orders. Of two that may come for a service, the larger count is what it may cost. */
export function followed(
  open: Unanswered,
  orders: readonly Order[],
  results: readonly Pick<ScaleResult, 'decisionId' | 'outcome' | 'isUnanswered'>[],
): Map<ServiceId, OpenOrder> {
  const next = new Map(open)
  const orderById = new Map(orders.map((order) => [order.id, order]))
  for (const { decisionId, outcome, isUnanswered } of results) {
    const { service, from, to } = orderById.get(decisionId)!
    if (outcome === 'applied') next.delete(service)
    else if (isUnanswered) next.set(service, { from, to: Math.max(to, next.get(service)?.to ?? 0) })
  }
  return next
}

/** `open` without the services that were answered. */
export function without(
  open: Unanswered,
  answers: readonly Pick<ScaleResult, 'service' | 'isUnanswered'>[],
): Map<ServiceId, OpenOrder> {
  const next = new Map(open)
  for (const { service, isUnanswered } of answers) if (!isUnanswered) next.delete(service)
  return next
}
