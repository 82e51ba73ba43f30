/** What a tick would spend at every price, were the whole budget its own: what a shard says to the others. Pure. */
import type { Directive } from '../../coordinator/meta/directive.ts'
import { decideTick } from '../../coordinator/tick.ts'
import type { ServiceInput, TickInput } from '../../coordinator/tick-input.ts'
import type { ShardNeed } from './exchange.ts'

/** Nothing is held back by any price: the tick decides as without a directive, and says what it would spend. */
const ASKED: Directive = {
  reactivePrice: 0,
  price: 0,
  extraBudgetPerHour: Number.POSITIVE_INFINITY,
  tolerance: 0,
}

export function needOf(input: TickInput): ShardNeed {
  const { demand } = decideTick({ ...input, directive: ASKED })
  const sum = (of: (service: ServiceInput) => number) =>
    input.services.reduce((total, service) => total + of(service), 0)
  const replaced = sum(({ replacementPerHour = 0 }) => replacementPerHour)
  return {
    tick: input.tick,
    atMs: input.atMs,
    runningPerHour: sum(runningPerHour),
    least: sum(leastPerHour),
    reactive: demand!.reactive,
    // changes of tier come after reactive need and before anything that forecasts want
    all: Float64Array.from(demand!.all, (spend) => spend + replaced),
  }
}

function runningPerHour({ spec, observation: { replicas } }: ServiceInput): number {
  const { requested, ready, starting, terminating } = replicas
  return (Math.max(requested, ready + starting) + terminating) * spec.pricePerReplicaHour
}

/** Of services that are not acted on all that they run. */
function leastPerHour(service: ServiceInput): number {
  const { spec, mode, observation } = service
  if (mode !== 'enforce') return runningPerHour(service)
  return (spec.minReplicas + observation.replicas.terminating) * spec.pricePerReplicaHour
}
