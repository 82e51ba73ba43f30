/**
 * One tick of the coordinator, pure: observations and memories in, grants and memories out.
 *
 *   1 floor      what reactive control alone would be granted under this budget, on a track of its own
 *   2 base       that floor, inside each service's allowed range: funded first, across all services
 *   3 keep       what services without fresh data hold beyond it: no data, no shrink
 *   4 extra      what forecasts want beyond: paid where the next dollar avoids most loss; changes of tier under way
 *                (meta/tiers.ts) come just before it
 *
 * Do no harm. Steps 1 and 2 never look at a forecast, and 3 and 4 only spend what they leave. So with any forecast
 * whatever no service gets less than reactive control under the same budget would give it, and the total stays
 * within the budget. Extra that could not be given back at once (a scale-down policy slower than "all within a
 * period") is taken only when the budget carries every service's maximum: else it could starve a later floor. Every
 * service's: of those too that are not acted on now, as they may be at the next tick.
 * A directive of the meta-controller (meta/) sets prices below which nothing is bought now; the one for step 1 never
 * hangs on a forecast either.
 */
import { type AgentMemory, catchUp, floorOf, remember } from '../agents/agent.ts'
import type { Proposal } from '../agents/proposal.ts'
import { lossBetween, propose } from '../agents/propose.ts'
import { lossOnTheWay } from './arbiters/on-the-way.ts'
import { fund, MONEY_SLACK } from './arbiters/shadow-price.ts'
import type { FundingRequest } from './arbiters/steps.ts'
import { boundOf } from './bound.ts'
import type { BoundBy } from './decision.ts'
import { allow } from './guardrails/pipeline.ts'
import type { Directive } from './meta/directive.ts'
import { PRICES } from './meta/price-ladder.ts'
import type { DemandCurves } from './meta/spend-profile.ts'
import {
  type Candidate,
  columnsOf,
  costOf,
  demandAtPrices,
  grantBases,
  grantFloors,
  keepWithoutData,
  keptAtAnyPrice,
  payReplacements,
  releasable,
  shortagePrice,
} from './stages.ts'
import type { ServiceInput, TickInput } from './tick-input.ts'

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
  /** Whether a change of tier under way is paid for; absent where there is none. */
  readonly replacementPaid?: boolean
}

export interface TickOutput {
  /** One a service, in the order of the input. */
  readonly grants: readonly Grant[]
  readonly memories: readonly (AgentMemory | undefined)[]
  readonly shadowPrice: number
  readonly spendPerHour: number
  readonly feasible: boolean
  /** What would have been spent at any price; only with a directive. */
  readonly demand: DemandCurves | undefined
}

interface Arbitrated {
  readonly granted: Int32Array
  /** Of those, and of the replacements that are paid. */
  readonly cost: number
  readonly replacementPaid: readonly boolean[]
  readonly floorGranted: Int32Array
  readonly proposals: Proposal[]
  readonly wanted: Int32Array
  /** How long each wish is held, ms. */
  readonly holdMs: Float64Array
  /** Services whose extra is withheld because it could not be given back at once. */
  readonly withheld: boolean[]
  readonly shadowPrice: number
  readonly feasible: boolean
  readonly demand: DemandCurves | undefined
}

/** Decides for all services at once. */
export function decideTick(input: TickInput): TickOutput {
  const { services } = input
  const enforced: Candidate[] = []
  const recommended: Candidate[] = []
  let reserved = 0 // money that no decision of this tick can free
  let actual = 0 // what services that are only advised really cost
  let most = 0 // what all may come to cost
  for (let index = 0; index < services.length; index++) {
    const { spec, mode, observation } = services[index]!
    const { requested, ready, starting, terminating } = observation.replicas
    const running = Math.max(requested, ready + starting)
    reserved += terminating * spec.pricePerReplicaHour
    const maxReplicas = Math.max(spec.maxReplicas, mode === 'enforce' ? 0 : running)
    most += (maxReplicas + terminating) * spec.pricePerReplicaHour
    if (mode === 'off') {
      reserved += running * spec.pricePerReplicaHour
      continue
    }
    if (mode === 'recommend') actual += running * spec.pricePerReplicaHour
    ;(mode === 'enforce' ? enforced : recommended).push(candidate(index, services[index]!))
  }
  const budget = input.costBudgetPerHour - reserved
  const { directive } = input
  const mayCommit = most <= input.costBudgetPerHour + MONEY_SLACK
  const acted = arbitrate(enforced, { budget: budget - actual, mayCommit, directive })
  const advised = arbitrate(recommended, { budget: budget - acted.cost, mayCommit, directive })
  return {
    ...assemble(input, [
      { candidates: enforced, result: acted },
      { candidates: recommended, result: advised },
    ]),
    shadowPrice: Math.max(acted.shadowPrice, advised.shadowPrice),
    spendPerHour: reserved + acted.cost + advised.cost,
    feasible: acted.feasible && advised.feasible,
    demand: directive && sumOf(reserved, acted.demand, advised.demand),
  }
}

function sumOf(reserved: number, ...parts: readonly (DemandCurves | undefined)[]): DemandCurves {
  const sum = (list: keyof DemandCurves) =>
    PRICES.map((_, k) => parts.reduce((cost, part) => cost + (part?.[list][k] ?? 0), reserved))
  return { reactive: sum('reactive'), all: sum('all') }
}

function candidate(index: number, input: ServiceInput): Candidate {
  const { spec, observation } = input
  const memory = catchUp(input.memory, observation.replicas.requested)
  const floor = floorOf(spec, observation, memory)
  return { index, input, memory, floor, allowed: allow({ spec, observation, memory }) }
}

interface Means {
  /** $/hour. */
  readonly budget: number
  /** Whether extra may be taken that could not be given back at once. */
  readonly mayCommit: boolean
  readonly directive: Directive | undefined
}

function arbitrate(
  candidates: readonly Candidate[],
  { budget, mayCommit, directive }: Means,
): Arbitrated {
  const columns = columnsOf(candidates)
  const floors = grantFloors(candidates, columns, budget, directive)
  const floorGranted = floors.granted
  const held = Int32Array.from(candidates, (c) => c.input.observation.replicas.requested)
  const base = grantBases(candidates, columns, floorGranted, held, budget, directive)
  const kept = keepWithoutData(candidates, columns, base, budget)
  const proposals: Proposal[] = []
  const withheld: boolean[] = []
  const wanted = new Int32Array(candidates.length)
  const holdMs = new Float64Array(candidates.length)
  const to = new Int32Array(candidates.length)
  for (let i = 0; i < candidates.length; i++) {
    const { input, memory, floor, allowed } = candidates[i]!
    const { spec, observation, actor } = input
    const base = kept[i]!
    const proposed = propose({ spec, observation, memory, actor, floor, base, allowed })
    proposals.push(proposed.proposal)
    wanted[i] = proposed.wanted
    holdMs[i] = proposed.holdMs
    withheld.push(!mayCommit && !releasable(spec))
    to[i] = withheld[i] ? kept[i]! : proposed.proposal.preferred
  }
  const loss = (i: number) => worthOf(candidates[i]!, proposals[i]!, kept[i]!, to[i]!)
  const request = { ...columns, from: kept, to, held, loss }
  const replacements = payReplacements(candidates, budget - costOf(columns, kept))
  const left = Math.min(
    budget - costOf(columns, kept),
    directive?.extraBudgetPerHour ?? Number.POSITIVE_INFINITY,
  )
  const extra = fund(request, left - replacements.cost, directive?.price)
  return {
    granted: extra.granted,
    cost: costOf(columns, extra.granted) + replacements.cost,
    replacementPaid: replacements.paid,
    floorGranted,
    proposals,
    wanted,
    holdMs,
    withheld,
    shadowPrice: Math.max(
      extra.shadowPrice,
      // under a directive what the track lacks may have been bought beyond it
      shortagePrice(candidates, columns, directive ? extra.granted : floorGranted),
    ),
    feasible: costOf(columns, base) <= budget + MONEY_SLACK,
    demand:
      directive &&
      demandAtPrices(
        candidates,
        floors.request,
        wholeMenu(candidates, proposals, request),
        directive,
      ),
  }
}

/** The agents' curves from the least that is kept at any price, of what they may have at no price. */
function wholeMenu(
  candidates: readonly Candidate[],
  proposals: readonly Proposal[],
  extra: FundingRequest,
): FundingRequest {
  const from = keptAtAnyPrice(candidates, extra.from)
  const loss = (i: number) => worthOf(candidates[i]!, proposals[i]!, from[i]!, extra.to[i]!)
  return { ...extra, from, loss }
}

/** What the counts from `from` to `to` lose; where a rate limit ends the menu there, for their share of the whole way. */
function worthOf(
  { input }: Candidate,
  { wanted, preferred, fromReplicas, loss }: Proposal,
  from: number,
  to: number,
): Float64Array {
  const { spec, observation, actor } = input
  const aim = Math.min(wanted, spec.maxReplicas)
  const isLimited = to === preferred && aim > to
  if (!isLimited && from === fromReplicas) return loss
  const curve = lossBetween(spec, observation, actor, from, isLimited ? aim : to)
  return isLimited ? lossOnTheWay(curve, Math.max(0, to - from)) : curve
}

interface Group {
  readonly candidates: readonly Candidate[]
  readonly result: Arbitrated
}

function assemble(
  { services, costBudgetPerHour, jointBudgetPerHour = costBudgetPerHour }: TickInput,
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
          money: jointBudgetPerHour > costBudgetPerHour + MONEY_SLACK ? 'share' : 'budget',
        }),
        ...(input.replacementPerHour ? { replacementPaid: result.replacementPaid[i]! } : {}),
      }
      const granted = {
        floorReplicas,
        from,
        to,
        wanted: result.wanted[i]!,
        holdMs: result.holdMs[i]!,
        enforced: mode === 'enforce',
      }
      memories[index] = remember(spec, observation, memory, floor, granted)
    }
  }
  return { grants, memories }
}
