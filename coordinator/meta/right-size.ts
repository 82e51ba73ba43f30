/**
 * Right-sizing: which tier costs a service least over the time ahead, and with how many replicas.
 *
 * For each tier the window's parts (hours) are planned as the service would be run there: enough replicas that expected
 * violations stay within the error budget of the forecast distribution (agents/loss.ts), whole ones, within bounds; under a
 * budget that binds only those that avoid more than the shadow price. What is compared is $/hour: replicas, the start-ups that
 * rising loads ask for, and expected violations at their price. A violating request costs what carrying it well costs, divided
 * by the share that may violate (an error budget spent whole weighs as much as the load itself: meta/shadow.ts), or what
 * the budget's shadow price says, where that is less.
 *
 * Small replicas fit a small or swinging load better; large ones are mostly cheaper by capacity, and lose more with each that
 * fails: n replicas fail n times as often as one, and for a start-up time n − 1 carry the load.
 */
import { expectedLoad, expectedLoss, replicasWithin, violationCurve } from '../../agents/loss.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { TierOffer } from './tiers.ts'

export interface SizingInput {
  readonly spec: Pick<ServiceSpec, 'slo' | 'weight' | 'targetUtilization' | 'policy'>
  readonly offers: readonly TierOffer[]
  /** Index of the tier that it runs on. */
  readonly current: number
  /** Learned there: requests/s of one replica within the SLO, and at which half of them violate. */
  readonly capacityPerReplica: number
  readonly saturationPerReplica: number
  /** Quantiles (LEVELS) of the load of each part of the window, requests/s, in order. */
  readonly window: readonly Float64Array[]
  readonly partHours: number
  /** Weighted requests/s outside the SLO that one more $/hour would avoid; 0 while the budget does not bind. */
  readonly shadowPrice: number
  readonly failuresPerReplicaDay: number
}

export interface TierPlan {
  readonly tier: string
  /** Replicas of each part. */
  readonly counts: Int32Array
  /** Means over the window, $/hour: of all replicas, start-ups with them. */
  readonly costPerHour: number
  /** Expected requests/s outside the SLO, failures of replicas with them. */
  readonly lossRps: number
  /** Cost, and loss at its price: what is compared. */
  readonly scorePerHour: number
  /** Most replicas that a part wants were there no maximum. */
  readonly uncapped: number
}

export interface Sizing {
  /** One an offer, in their order. */
  readonly plans: readonly TierPlan[]
  /** Index of the plan with the least score; of equals the current one, else the first. */
  readonly best: number
  /** Price of a request/s outside the SLO, $/hour. */
  readonly pricePerLossRps: number
}

/** What a replica of each tier carries: as declared, corrected by what was learned on the current one. */
export function carriedOn({ offers, current, ...learned }: SizingInput, tier: number) {
  const scale = offers[tier]!.capacityPerReplica / offers[current]!.capacityPerReplica
  return {
    capacity: learned.capacityPerReplica * scale,
    saturation: learned.saturationPerReplica * scale,
  }
}

/** Undefined where there is nothing to choose from, or nothing is foreseen. */
export function rightSize(input: SizingInput): Sizing | undefined {
  const { offers, current, window } = input
  if (offers.length < 2 || window.length === 0) return undefined
  const pricePerLossRps = priceOfLoss(input)
  const plans = offers.map((_, tier) => planOn(input, tier, pricePerLossRps))
  let best = current
  plans.forEach(({ scorePerHour }, tier) => {
    if (scorePerHour < plans[best]!.scorePerHour * (1 - 1e-12)) best = tier
  })
  return { plans, best, pricePerLossRps }
}

function priceOfLoss(input: SizingInput): number {
  const { spec, offers, shadowPrice } = input
  const cheapest = Math.min(
    ...offers.map(
      ({ pricePerReplicaHour }, i) => pricePerReplicaHour / carriedOn(input, i).capacity,
    ),
  )
  const own = cheapest / (1 - spec.slo.objective)
  return shadowPrice > 0 ? Math.min(own, spec.weight / shadowPrice) : own
}

function planOn(input: SizingInput, tier: number, pricePerLossRps: number): TierPlan {
  const { offers, window, partHours, spec, failuresPerReplicaDay } = input
  const offer = offers[tier]!
  const { capacity, saturation } = carriedOn(input, tier)
  const curve = violationCurve(capacity, saturation, spec.slo.objective)
  const startupHours = offer.startupSeconds / 3600
  const counts = new Int32Array(window.length)
  let [replicas, started, lossRps, uncapped] = [0, 0, 0, 0]
  window.forEach((demand, part) => {
    const wanted = wantedOf(input, tier, demand)
    uncapped = Math.max(uncapped, wanted)
    const least = Math.min(Math.max(wanted, offer.minReplicas), offer.maxReplicas)
    const count = worthIts(input, offer, least, (n) => expectedLoss(curve, demand, n))
    counts[part] = count
    replicas += count
    started += Math.max(0, count - (part > 0 ? counts[part - 1]! : count))
    const loss = expectedLoss(curve, demand, count)
    const oneLess = expectedLoss(curve, demand, count - 1) - loss
    // so many fail in an hour, each missing for a start-up
    lossRps += loss + ((count * failuresPerReplicaDay) / 24) * startupHours * oneLess
  })
  const parts = window.length
  const hours = parts * partHours
  const costPerHour =
    ((replicas * partHours + started * startupHours) / hours) * offer.pricePerReplicaHour
  const meanLoss = lossRps / parts
  const scorePerHour = costPerHour + meanLoss * pricePerLossRps
  return { tier: offer.name, counts, costPerHour, lossRps: meanLoss, scorePerHour, uncapped }
}

/** What the service's policy would ask for, bounds apart. */
function wantedOf(input: SizingInput, tier: number, demand: Float64Array): number {
  const { spec } = input
  const { capacity, saturation } = carriedOn(input, tier)
  const reactive = Math.ceil(expectedLoad(demand) / (capacity * spec.targetUtilization) - 1e-9)
  if (spec.policy === 'reactive') return reactive
  const { objective } = spec.slo
  const curve = violationCurve(capacity, saturation, objective)
  return Math.max(reactive, replicasWithin(curve, demand, objective, 100_000))
}

/** Under a shadow price only replicas that avoid more than it; never fewer than the offer's minimum. */
function worthIts(
  { spec, shadowPrice }: SizingInput,
  { minReplicas, pricePerReplicaHour }: TierOffer,
  wanted: number,
  lossOf: (replicas: number) => number,
): number {
  if (shadowPrice <= 0) return wanted
  let count = wanted
  // the whole way down may be worth less than its parts: the lowest count of which the rest avoids no more than its price
  for (let less = wanted - 1; less >= minReplicas; less--) {
    const avoided = spec.weight * (lossOf(less) - lossOf(wanted))
    if (avoided <= shadowPrice * pricePerReplicaHour * (wanted - less)) count = less
  }
  return count
}
