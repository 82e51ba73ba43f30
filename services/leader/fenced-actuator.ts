/**
 * An actuator of one controller among several: asked right before each effect whether it may act still, and every order
 * carries the token by which the target refuses a deposed leader.
 */
import type { Actuator, ReportedActuator, ScaleOrder, ScaleResult } from '../actuators/actuator.ts'
import type { Lease } from './lease.ts'

export interface FencedOptions<Port extends Actuator> {
  readonly actuator: Port
  readonly lease: Pick<Lease, 'held'>
  /** Tokens of different ledgers have nothing to do with one another. */
  readonly ledger: string
  /** Why nothing may be carried out now, though this one leads; undefined: it may. */
  readonly hold: () => string | undefined
}

export function createFencedActuator<Port extends Actuator | ReportedActuator>({
  actuator,
  lease,
  ledger,
  hold,
}: FencedOptions<Port>): Port {
  return {
    ...actuator,
    async apply(orders: readonly ScaleOrder[]) {
      const held = lease.held()
      const refusal = held ? hold() : 'no longer the leader'
      if (held === undefined || refusal !== undefined)
        return orders.map((order) => refused(order, refusal ?? ''))
      const fence = { ledger, token: held.token }
      return actuator.apply(orders.map((order) => ({ ...order, fence })))
    },
  }
}

const refused = ({ decisionId, service }: ScaleOrder, detail: string): ScaleResult => ({
  decisionId,
  service,
  outcome: 'failed',
  detail,
})
