/** Which constraint stopped a service from getting what it wanted, or from letting go. */
import type { Floor } from '../agents/agent.ts'
import type { Observation } from '../agents/observation.ts'
import type { Proposal } from '../agents/proposal.ts'
import type { ServiceSpec } from '../agents/service-spec.ts'
import type { BoundBy } from './decision.ts'

export interface BoundInput {
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly floor: Floor
  readonly proposal: Proposal
  readonly to: number
  readonly feasible: boolean
  /** Extra was withheld because it could not be given back at once (tick.ts). */
  readonly withheld: boolean
  /** What money is called here: the budget is this shard's share of a greater one. */
  readonly money: 'budget' | 'share'
}

export function boundOf({
  spec,
  observation,
  floor,
  proposal,
  to,
  feasible,
  withheld,
  money,
}: BoundInput): BoundBy {
  if (!feasible) return 'budget-infeasible'
  if (floor.limitedBy === 'no-data' || observation.freshness === 'dead') return 'no-data'
  if (withheld && to < proposal.preferred) return 'not-returnable'
  if (to < proposal.preferred || to < floor.need) return money
  const wanted = proposal.wanted
  if (wanted > to) return to >= spec.maxReplicas ? 'max-replicas' : 'rate-limit'
  if (to > wanted) return to <= spec.minReplicas ? 'min-replicas' : 'rate-limit'
  if (to === floor.need && floor.limitedBy !== 'none') return floor.limitedBy
  return 'none'
}
