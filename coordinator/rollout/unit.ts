/**
 * What a service lost in one block of ticks under the arm that acted, and what a model says it would have lost under every
 * arm: the unit that rollouts are judged by.
 *
 *   burn = violating requests ÷ (requests · (1 − objective))       1: the error budget is used just as it comes in
 *   loss = cost ÷ cost of carrying the load at capacity + weight · burn
 *
 * Hence a service that meets its objective just so may cost as much again as its load needs, services of any size count
 * alike, and the owner's weights say what violations are worth beside money.
 *
 * The model sees only what no arm has influence on, as doubly-robust.ts asks: the load that came, the forecasts as they
 * were, the need of reactive control on its own track. What an arm foresaw a lead time ago is what carries the load now.
 */
import { lossOfLoad, replicasWithin, violationCurve } from '../../agents/loss.ts'
import type { Observation } from '../../agents/observation.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'

/** One tick of a service. */
export interface Seen {
  readonly spec: ServiceSpec
  readonly observation: Observation
  /** Share of the newest requests outside the SLO; NaN where it is not measured: the violation curve speaks then. */
  readonly violationRatio: number
  /** What reactive control alone needs, on its own track. */
  readonly reactiveNeed: number
  /** Stretch of the demand by which the model tells the arms apart, one an arm. */
  readonly stretches: readonly number[]
}

/** Sums over the ticks of a block that count; plain data. */
export interface Measured {
  readonly ticks: number
  readonly loadRps: number
  readonly violatingRps: number
  readonly costPerHour: number
  /** Cost of carrying the load at capacity, $/hour. */
  readonly referencePerHour: number
  readonly predictedViolatingRps: readonly number[]
  readonly predictedCostPerHour: readonly number[]
}

/** A service on its way through a block. */
export interface Following {
  readonly measured: Measured
  /** Counts that the model has each arm ask for, of the last ticks, oldest first. */
  readonly asked: readonly (readonly number[])[]
}

const nothing = (arms: number): Measured => ({
  ticks: 0,
  loadRps: 0,
  violatingRps: 0,
  costPerHour: 0,
  referencePerHour: 0,
  predictedViolatingRps: Array.from({ length: arms }, () => 0),
  predictedCostPerHour: Array.from({ length: arms }, () => 0),
})

export function startFollowing(arms: number): Following {
  return { measured: nothing(arms), asked: [] }
}

/** The same service in its next block: what was asked for before still comes. */
export function nextBlock({ asked, measured }: Following): Following {
  return { asked, measured: nothing(measured.predictedCostPerHour.length) }
}

/**
 * One tick later. `leadTicks`: from decision to ready capacity. `counts`: false while what the arm before decided still
 * carries the load.
 */
export function follow(
  { measured, asked }: Following,
  seen: Seen,
  leadTicks: number,
  counts: boolean,
): Following {
  const now = seen.stretches.map((stretch) => modelCount(seen, stretch))
  const next = [...asked, now].slice(-(leadTicks + 1))
  const ready = next[0]!
  return { asked: next, measured: counts ? add(measured, seen, ready, now) : measured }
}

/** What the model has an arm ask for. */
function modelCount({ spec, observation, reactiveNeed }: Seen, stretch: number): number {
  const { demand } = observation
  const ahead = demand
    ? replicasWithin(
        curveOf(spec, observation),
        demand.map((quantile) => quantile * stretch),
        spec.slo.objective,
        spec.maxReplicas,
      )
    : 0
  return Math.min(Math.max(ahead, reactiveNeed, spec.minReplicas), spec.maxReplicas)
}

const curveOf = ({ slo }: ServiceSpec, observation: Observation) =>
  violationCurve(observation.capacityPerReplica, observation.saturationPerReplica, slo.objective)

function add(
  measured: Measured,
  seen: Seen,
  ready: readonly number[],
  asked: readonly number[],
): Measured {
  const { spec, observation, violationRatio } = seen
  const { loadRps, replicas, capacityPerReplica } = observation
  if (Number.isNaN(loadRps)) return measured
  const curve = curveOf(spec, observation)
  const price = spec.pricePerReplicaHour
  const running = replicas.ready + replicas.starting + replicas.terminating
  const violating = Number.isNaN(violationRatio)
    ? lossOfLoad(curve, loadRps, replicas.ready)
    : violationRatio * loadRps
  return {
    ticks: measured.ticks + 1,
    loadRps: measured.loadRps + loadRps,
    violatingRps: measured.violatingRps + violating,
    costPerHour: measured.costPerHour + running * price,
    referencePerHour: measured.referencePerHour + Math.max(loadRps / capacityPerReplica, 1) * price,
    predictedViolatingRps: measured.predictedViolatingRps.map(
      (sum, arm) => sum + lossOfLoad(curve, loadRps, ready[arm]!),
    ),
    predictedCostPerHour: measured.predictedCostPerHour.map(
      (sum, arm) => sum + asked[arm]! * price,
    ),
  }
}

export interface Losses {
  readonly loss: number
  readonly burn: number
}

export function burnOf(spec: ServiceSpec, violatingRps: number, loadRps: number): number {
  return loadRps > 0 ? violatingRps / (loadRps * (1 - spec.slo.objective)) : 0
}

/** What was lost; undefined when no tick counted. */
export function lostIn(spec: ServiceSpec, measured: Measured): Losses | undefined {
  const { ticks, loadRps, violatingRps, costPerHour, referencePerHour } = measured
  if (ticks === 0) return undefined
  const burn = burnOf(spec, violatingRps, loadRps)
  return { burn, loss: costPerHour / referencePerHour + spec.weight * burn }
}

/** What the model says each arm would have lost. */
export function predictedIn(spec: ServiceSpec, measured: Measured): Losses[] {
  const { loadRps, referencePerHour, predictedCostPerHour, predictedViolatingRps } = measured
  return predictedCostPerHour.map((cost, arm) => {
    const burn = burnOf(spec, predictedViolatingRps[arm]!, loadRps)
    return { burn, loss: cost / referencePerHour + spec.weight * burn }
  })
}
