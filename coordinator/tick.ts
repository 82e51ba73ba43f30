/**
 * One tick of the coordinator, pure: observations and memories in, grants and memories out.
 *
 *   1 floor      what reactive control alone would be granted under this budget, on a track of its own
 *   2 base       that floor, inside each service's allowed range: funded first, across all services
 *   3 keep       what services without fresh data hold beyond it: no data, no shrink
 *   4 extra      what forecasts want beyond: paid where the next dollar avoids most loss
 *
 * Do no harm. Steps 1 and 2 never look at a forecast, and 3 and 4 only spend what they leave. So with any forecast
 * whatever no service gets less than reactive control under the same budget would give it, and the total stays
 * within the budget. Extra that could not be given back at once (a scale-down policy slower than "all within a
 * period") is taken only when the budget carries every service's maximum: else it could starve a later floor.
 */
import { type AgentMemory, catchUp, floorOf, remember } from '../agents/agent.ts'
import type { Observation } from '../agents/observation.ts'
import type { Proposal } from '../agents/proposal.ts'
import { propose } from '../agents/propose.ts'
import type { Mode, ServiceSpec } from '../agents/service-spec.ts'
import { type FundingRequest, fund, MONEY_SLACK } from './arbiters/shadow-price.ts'
import { boundOf } from './bound.ts'
import type { BoundBy } from './decision.ts'
import { allow } from './guardrails/pipeline.ts'
import {
  type Candidate,
  costOf,
  grantBases,
  grantFloors,
  keepWithoutData,
  releasable,
  shortagePrice,
} from './stages.ts'

export interface ServiceInput {
  readonly spec: ServiceSpec
  /** The mode in force. */
  readonly mode: Mode
  readonly observation: Observation
  /** undefined at the first tick. */
  readonly memory: AgentMemory | undefined
}

export interface TickInput {
  readonly tick: number
  readonly atMs: number
  readonly costBudgetPerHour: number
  readonly services: readonly ServiceInput[]
}

export interface Grant {
  /** undefined when the service's mode is off. */
  readonly proposal: Proposal | undefined
  /** What reactive control alone would have been granted. */
  readonly floorReplicas: number
  readonly from: number
  readonly to: number
  /** Expected requests/s outside the SLO at `to`. */
  readonly expectedLoss: number
  readonly boundBy: BoundBy
}

export interface TickOutput {
  /** One a service, in the order of the input. */
  readonly grants: readonly Grant[]
  readonly memories: readonly (AgentMemory | undefined)[]
  readonly shadowPrice: number
  readonly spendPerHour: number
  readonly feasible: boolean
}

interface Arbitrated {
  readonly granted: Int32Array
  readonly floorGranted: Int32Array
  readonly proposals: Proposal[]
  readonly wanted: Int32Array
  /** Services whose extra is withheld because it could not be given back at once. */
  readonly withheld: boolean[]
  readonly shadowPrice: number
  readonly feasible: boolean
}

/** Decides for all services at once. */
export function decideTick(input: TickInput): TickOutput {
  const { services } = input
  const enforced: Candidate[] = []
  const recommended: Candidate[] = []
  let reserved = 0 // money that no decision of this tick can free
  let actual = 0 // what services that are only advised really cost
  for (let index = 0; index < services.length; index++) {
    const { spec, mode, observation } = services[index]!
    const { requested, ready, starting, terminating } = observation.replicas
    const running = Math.max(requested, ready + starting)
    reserved += terminating * spec.pricePerReplicaHour
    if (mode === 'off') {
      reserved += running * spec.pricePerReplicaHour
      continue
    }
    if (mode === 'recommend') actual += running * spec.pricePerReplicaHour
    ;(mode === 'enforce' ? enforced : recommended).push(candidate(index, services[index]!))
  }
  const budget = input.costBudgetPerHour - reserved
  const acted = arbitrate(enforced, budget - actual)
  const actedCost = costOf(enforced, acted.granted)
  const advised = arbitrate(recommended, budget - actedCost)
  return {
    ...assemble(services, [
      { candidates: enforced, result: acted },
      { candidates: recommended, result: advised },
    ]),
    shadowPrice: Math.max(acted.shadowPrice, advised.shadowPrice),
    spendPerHour: reserved + actedCost + costOf(recommended, advised.granted),
    feasible: acted.feasible && advised.feasible,
  }
}

function candidate(index: number, input: ServiceInput): Candidate {
  const { spec, observation } = input
  const memory = catchUp(input.memory, observation.replicas.requested)
  const floor = floorOf(spec, observation, memory)
  return { index, input, memory, floor, allowed: allow({ spec, observation, memory }) }
}

function arbitrate(candidates: readonly Candidate[], budget: number): Arbitrated {
  const floorGranted = grantFloors(candidates, budget)
  const base = grantBases(candidates, floorGranted, budget)
  const baseCost = costOf(candidates, base)
  const kept = keepWithoutData(candidates, base, budget - baseCost)
  const keptCost = costOf(candidates, kept)
  const mayCommit =
    candidates.reduce(
      (sum, c) => sum + c.input.spec.maxReplicas * c.input.spec.pricePerReplicaHour,
      0,
    ) <=
    budget + MONEY_SLACK
  const proposals: Proposal[] = []
  const wanted = new Int32Array(candidates.length)
  const withheld = candidates.map(({ input }) => !mayCommit && !releasable(input.spec))
  const requests: FundingRequest[] = []
  for (let i = 0; i < candidates.length; i++) {
    const { input, memory, floor, allowed } = candidates[i]!
    const { spec, observation } = input
    const proposed = propose({ spec, observation, memory, floor, base: kept[i]!, allowed })
    proposals.push(proposed.proposal)
    wanted[i] = proposed.wanted
    requests.push({
      from: kept[i]!,
      to: withheld[i] ? kept[i]! : proposed.proposal.preferred,
      pricePerReplicaHour: spec.pricePerReplicaHour,
      weight: spec.weight,
      loss: () => proposed.proposal.loss,
    })
  }
  const extra = fund(requests, budget - keptCost)
  const shortFloor = shortagePrice(candidates, floorGranted)
  return {
    granted: extra.granted,
    floorGranted,
    proposals,
    wanted,
    withheld,
    shadowPrice: Math.max(extra.shadowPrice, shortFloor),
    feasible: baseCost <= budget + MONEY_SLACK,
  }
}

interface Group {
  readonly candidates: readonly Candidate[]
  readonly result: Arbitrated
}

function assemble(
  services: readonly ServiceInput[],
  groups: readonly Group[],
): Pick<TickOutput, 'grants' | 'memories'> {
  const grants: Grant[] = services.map(({ observation }) => {
    const { requested } = observation.replicas
    return {
      proposal: undefined,
      floorReplicas: requested,
      from: requested,
      to: requested,
      expectedLoss: 0,
      boundBy: 'mode',
    }
  })
  const memories: (AgentMemory | undefined)[] = services.map(() => undefined)
  for (const { candidates, result } of groups) {
    for (let i = 0; i < candidates.length; i++) {
      const { index, input, memory, floor } = candidates[i]!
      const { spec, mode, observation } = input
      const from = observation.replicas.requested
      const to = result.granted[i]!
      const floorReplicas = result.floorGranted[i]!
      const proposal = result.proposals[i]!
      grants[index] = {
        proposal,
        floorReplicas,
        from,
        to,
        expectedLoss:
          proposal.loss[
            Math.min(Math.max(to - proposal.fromReplicas, 0), proposal.loss.length - 1)
          ]!,
        boundBy: boundOf({
          spec,
          observation,
          floor,
          proposal,
          to,
          feasible: result.feasible,
          withheld: result.withheld[i]!,
        }),
      }
      const granted = {
        floorReplicas,
        from,
        to,
        wanted: result.wanted[i]!,
        enforced: mode === 'enforce',
      }
      memories[index] = remember(spec, observation, memory, floor, granted)
    }
  }
  return { grants, memories }
}
