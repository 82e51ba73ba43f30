/**
 * The stages in which money is given out (see tick.ts): what reactive control alone would get, what it gets within
 * the allowed ranges, and what is kept where there is no data. None of them looks at a forecast.
 */
import type { AgentMemory, Floor } from '../agents/agent.ts'
import { lossOfLoad, violationCurve } from '../agents/loss.ts'
import type { ReplicaRange } from '../agents/observation.ts'
import type { ServiceSpec } from '../agents/service-spec.ts'
import { fund } from './arbiters/shadow-price.ts'
import type { ServiceInput } from './tick.ts'

/** A service on its way through the tick. */
export interface Candidate {
  readonly index: number
  readonly input: ServiceInput
  readonly memory: AgentMemory
  readonly floor: Floor
  readonly allowed: ReplicaRange
}

export function costOf(candidates: readonly Candidate[], replicas: ArrayLike<number>): number {
  let cost = 0
  for (let i = 0; i < candidates.length; i++) {
    cost += replicas[i]! * candidates[i]!.input.spec.pricePerReplicaHour
  }
  return cost
}

const reactiveLoss =
  ({ input }: Candidate, from: number, to: number) =>
  (): Float64Array => {
    const { spec, observation } = input
    const { capacityPerReplica, saturationPerReplica, loadRps } = observation
    const curve = violationCurve(capacityPerReplica, saturationPerReplica, spec.slo.objective)
    const load = Number.isNaN(loadRps) ? 0 : loadRps
    return Float64Array.from({ length: to - from + 1 }, (_, i) => lossOfLoad(curve, load, from + i))
  }

/** Step 1: reactive control alone, from its own least count to its own need. */
export function grantFloors(candidates: readonly Candidate[], budget: number): Int32Array {
  const least = Int32Array.from(candidates, (c) => c.floor.least)
  return raise(
    candidates,
    least,
    Int32Array.from(candidates, (c) => c.floor.need),
    budget,
  )
}

/** Step 2: the floor inside what guardrails allow. Only an operator's cut can make it cost more than step 1. */
export function grantBases(
  candidates: readonly Candidate[],
  floorGranted: Int32Array,
  budget: number,
): Int32Array {
  const least = Int32Array.from(candidates, (c) => c.allowed.min)
  const target = Int32Array.from(candidates, ({ allowed }, i) =>
    Math.min(Math.max(floorGranted[i]!, allowed.min), allowed.max),
  )
  return raise(candidates, least, target, budget)
}

function raise(
  candidates: readonly Candidate[],
  from: Int32Array,
  to: Int32Array,
  budget: number,
): Int32Array {
  const requests = candidates.map((c, i) => ({
    from: from[i]!,
    to: to[i]!,
    pricePerReplicaHour: c.input.spec.pricePerReplicaHour,
    weight: c.input.spec.weight,
    loss: reactiveLoss(c, from[i]!, to[i]!),
  }))
  return fund(requests, budget - costOf(candidates, from)).granted
}

/** Step 3: services without fresh data keep what they have while the money lasts, heaviest first. */
export function keepWithoutData(
  candidates: readonly Candidate[],
  base: Int32Array,
  budget: number,
): Int32Array {
  const held = candidates.flatMap((c, i) => {
    const { observation } = c.input
    const blind = observation.freshness !== 'fresh' || Number.isNaN(observation.loadRps)
    const keep = Math.min(observation.replicas.requested, c.allowed.max)
    return blind && keep > base[i]! ? [{ i, keep }] : []
  })
  if (held.length === 0) return base
  const funded = fund(
    held.map(({ i, keep }) => ({
      from: base[i]!,
      to: keep,
      pricePerReplicaHour: candidates[i]!.input.spec.pricePerReplicaHour,
      weight: candidates[i]!.input.spec.weight,
      // nothing is known of its load: every replica counts alike
      loss: () => Float64Array.from({ length: keep - base[i]! + 1 }, (_, k) => keep - base[i]! - k),
    })),
    budget,
  )
  const kept = base.slice()
  held.forEach(({ i }, k) => {
    kept[i] = funded.granted[k]!
  })
  return kept
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
export function shortagePrice(candidates: readonly Candidate[], floorGranted: Int32Array): number {
  let price = 0
  for (let i = 0; i < candidates.length; i++) {
    const c = candidates[i]!
    const got = floorGranted[i]!
    if (got >= c.floor.need) continue
    const [now, more] = reactiveLoss(c, got, got + 1)()
    const { weight, pricePerReplicaHour } = c.input.spec
    price = Math.max(price, ((now! - more!) * weight) / pricePerReplicaHour)
  }
  return price
}
