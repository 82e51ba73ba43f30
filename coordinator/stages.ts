/**
 * The stages in which money is given out (see tick.ts): what reactive control alone would get, what it gets within
 * the allowed ranges, and what is kept where there is no data. None of them looks at a forecast.
 */
import type { AgentMemory, Floor } from '../agents/agent.ts'
import { lossOfLoad, violationCurve } from '../agents/loss.ts'
import type { ReplicaRange } from '../agents/observation.ts'
import type { ServiceSpec } from '../agents/service-spec.ts'
import { demandOf } from './arbiters/demand.ts'
import { lossOnTheWay } from './arbiters/on-the-way.ts'
import { fund } from './arbiters/shadow-price.ts'
import type { FundingRequest } from './arbiters/steps.ts'
import type { Directive } from './meta/directive.ts'
import { PRICES } from './meta/price-ladder.ts'
import type { DemandCurves } from './meta/spend-profile.ts'
import type { ServiceInput } from './tick-input.ts'

/** A service on its way through the tick. */
export interface Candidate {
  readonly index: number
  readonly input: ServiceInput
  readonly memory: AgentMemory
  readonly floor: Floor
  readonly allowed: ReplicaRange
}

/** What `replicas` cost together, $/hour. */
export function costOf({ pricePerReplicaHour }: Columns, replicas: Int32Array): number {
  let cost = 0
  for (let i = 0; i < replicas.length; i++) cost += replicas[i]! * pricePerReplicaHour[i]!
  return cost
}

/** Prices and weights of `candidates` as columns. */
export interface Columns {
  readonly pricePerReplicaHour: Float64Array
  readonly weight: Float64Array
}

export function columnsOf(candidates: readonly Candidate[]): Columns {
  const pricePerReplicaHour = new Float64Array(candidates.length)
  const weight = new Float64Array(candidates.length)
  for (let i = 0; i < candidates.length; i++) {
    const { spec } = candidates[i]!.input
    pricePerReplicaHour[i] = spec.pricePerReplicaHour
    weight[i] = spec.weight
  }
  return { pricePerReplicaHour, weight }
}

/** Loss of the load as observed, for every count from `from` to `to`. */
function reactiveLoss({ input }: Candidate, from: number, to: number): Float64Array {
  const { spec, observation } = input
  const { capacityPerReplica, saturationPerReplica, loadRps } = observation
  const curve = violationCurve(capacityPerReplica, saturationPerReplica, spec.slo.objective)
  const load = Number.isNaN(loadRps) ? 0 : loadRps
  const loss = new Float64Array(to - from + 1)
  for (let k = 0; k < loss.length; k++) loss[k] = lossOfLoad(curve, load, from + k)
  return loss
}

export interface Floors {
  readonly granted: Int32Array
  /** What it was bought from. */
  readonly request: FundingRequest
}

/** Step 1: reactive control alone, from its own least count to its own need. */
export function grantFloors(
  candidates: readonly Candidate[],
  columns: Columns,
  budget: number,
  directive?: Directive,
): Floors {
  const least = new Int32Array(candidates.length)
  const need = new Int32Array(candidates.length)
  const held = new Int32Array(candidates.length)
  for (let i = 0; i < candidates.length; i++) {
    least[i] = candidates[i]!.floor.least
    need[i] = candidates[i]!.floor.need
    held[i] = candidates[i]!.memory.floorReplicas
  }
  const from = grantFairShares(candidates, columns, { from: least, to: need, held }, budget)
  const request = reactiveRequest(candidates, columns, { from, to: need, held })
  const { granted } = fund(request, budget - costOf(columns, from), directive?.reactivePrice)
  return { granted, request }
}

/** Each service's fair share of its need comes first, at any price: where money lacks for these too, heaviest first. */
function grantFairShares(
  candidates: readonly Candidate[],
  columns: Columns,
  range: Range,
  budget: number,
): Int32Array {
  if (candidates.every(({ input }) => input.spec.fairShare === 0)) return range.from
  const { from, held } = range
  const to = from.map((least, i) =>
    Math.max(least, Math.ceil(candidates[i]!.input.spec.fairShare * range.to[i]!)),
  )
  const request = reactiveRequest(candidates, columns, { from, to, held })
  return fund(request, budget - costOf(columns, from)).granted
}

/**
 * What the tick would spend at any price, $/hour: the reactive track alone, and all of it. `menu`: what the agents' own
 * curves ask for, from the least that is kept at any price. Of all of it reactive need keeps its own price, the lower one, and
 * leaves what its tolerance allows.
 */
export function demandAtPrices(
  candidates: readonly Candidate[],
  reactive: FundingRequest,
  menu: FundingRequest,
  directive: Directive,
): DemandCurves {
  const most = reactive.to.map((need, i) => leastHarmless(candidates[i]!, need, directive))
  const base = { request: reactive, most, priceMost: directive.reactivePrice }
  return {
    reactive: demandOf([{ request: reactive }], PRICES),
    all: demandOf([base, { request: menu }], PRICES),
  }
}

/**
 * The fewest of the `granted` replicas of its track that a service is left with whatever the price: those that it can spare
 * without drawing on its error budget by more than the tolerance. Knows the load as observed, and no forecast.
 */
export function leastHarmless(
  { input, floor }: Candidate,
  granted: number,
  { tolerance, price }: Directive,
): number {
  const { spec, observation } = input
  const { loadRps, freshness, capacityPerReplica, saturationPerReplica } = observation
  const least = Math.max(floor.least, Math.ceil(spec.fairShare * floor.need))
  if (price <= 0 || tolerance <= 0 || freshness !== 'fresh' || granted <= least) return granted
  const { objective } = spec.slo
  const curve = violationCurve(capacityPerReplica, saturationPerReplica, objective)
  const most = lossOfLoad(curve, loadRps, granted) + tolerance * (1 - objective) * loadRps
  let [low, high] = [least, granted]
  while (low < high) {
    const middle = (low + high) >> 1
    if (lossOfLoad(curve, loadRps, middle) <= most) high = middle
    else low = middle + 1
  }
  return high
}

/** The least that is kept at any price: what the allowed range leaves, and all where there is no fresh data. */
export function keptAtAnyPrice(candidates: readonly Candidate[], kept: Int32Array): Int32Array {
  return kept.map((count, i) => {
    const { allowed, input } = candidates[i]!
    return input.observation.freshness === 'fresh' ? Math.min(count, allowed.min) : count
  })
}

/** Step 2: the floor, under a directive but for what it can spare, inside what guardrails allow. Only an operator's cut can make it cost more than step 1. */
export function grantBases(
  candidates: readonly Candidate[],
  columns: Columns,
  floorGranted: Int32Array,
  held: Int32Array,
  budget: number,
  directive?: Directive,
): Int32Array {
  const least = new Int32Array(candidates.length)
  const target = new Int32Array(candidates.length)
  for (let i = 0; i < candidates.length; i++) {
    const { allowed } = candidates[i]!
    const granted = floorGranted[i]!
    const floor = directive ? leastHarmless(candidates[i]!, granted, directive) : granted
    least[i] = allowed.min
    target[i] = Math.min(Math.max(floor, allowed.min), allowed.max)
  }
  const request = reactiveRequest(candidates, columns, { from: least, to: target, held })
  return fund(request, budget - costOf(columns, least)).granted
}

interface Range {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly held: Int32Array
}

function reactiveRequest(
  candidates: readonly Candidate[],
  columns: Columns,
  range: Range,
): FundingRequest {
  const { from, to } = range
  const loss = (i: number) => {
    const { floor } = candidates[i]!
    const steps = Math.max(0, to[i]! - from[i]!)
    // a fair share, or a range, that ends earlier is no rate limit
    const isLimited = to[i] === floor.need && floor.aim > floor.need
    const curve = reactiveLoss(candidates[i]!, from[i]!, isLimited ? floor.aim : to[i]!)
    return isLimited ? lossOnTheWay(curve, steps) : curve
  }
  return { ...columns, ...range, loss }
}

/** Step 3: services without fresh data keep what they have while the money lasts, heaviest first. */
export function keepWithoutData(
  candidates: readonly Candidate[],
  columns: Columns,
  base: Int32Array,
  budget: number,
): Int32Array {
  const keep = base.slice()
  for (let i = 0; i < candidates.length; i++) {
    const { input, allowed } = candidates[i]!
    const { freshness, loadRps, replicas } = input.observation
    const blind = freshness !== 'fresh' || Number.isNaN(loadRps)
    if (blind) keep[i] = Math.max(base[i]!, Math.min(replicas.requested, allowed.max))
  }
  // nothing is known of their load: every replica counts alike
  const loss = (i: number) =>
    Float64Array.from({ length: keep[i]! - base[i]! + 1 }, (_, k) => keep[i]! - base[i]! - k)
  return fund(
    { ...columns, from: base, to: keep, held: base, loss },
    budget - costOf(columns, base),
  ).granted
}

/** Which replacements the money carries that is `left` after all reactive need, in the services' order, and what they cost. */
export function payReplacements(
  candidates: readonly Candidate[],
  left: number,
): { readonly paid: readonly boolean[]; readonly cost: number } {
  let cost = 0
  const paid = candidates.map(({ input: { replacementPerHour = 0 } }) => {
    const isPaid = replacementPerHour > 0 && cost + replacementPerHour <= left
    if (isPaid) cost += replacementPerHour
    return isPaid
  })
  return { paid, cost }
}

/** Whether extra replicas can be given back within one tick whenever the budget needs them. */
export function releasable({ behavior }: ServiceSpec): boolean {
  const { selectPolicy, policies } = behavior.scaleDown
  const all = (p: (typeof policies)[number]) => p.type === 'Percent' && p.value >= 100
  return (
    selectPolicy !== 'Disabled' &&
    (selectPolicy === 'Max' ? policies.some(all) : policies.every(all))
  )
}

/** The price at which the floors themselves went short; 0 when they were paid in full. */
export function shortagePrice(
  candidates: readonly Candidate[],
  columns: Columns,
  floorGranted: Int32Array,
): number {
  let price = 0
  for (let i = 0; i < candidates.length; i++) {
    const got = floorGranted[i]!
    if (got >= candidates[i]!.floor.need) continue
    const [now, more] = reactiveLoss(candidates[i]!, got, got + 1)
    price = Math.max(price, ((now! - more!) * columns.weight[i]!) / columns.pricePerReplicaHour[i]!)
  }
  return price
}
