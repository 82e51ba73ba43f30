/**
 * Has ready, when the forecast load comes, the least replicas that keep expected violations within the SLO's error
 * budget. Demand is the forecast distribution from now until a replica started at the next tick could be ready, so
 * nothing is let go that would be wanted back within its own start-up time.
 *
 * Where load has outrun forecast or capacity (surge) it also wants room to work off the queue.
 */
import type { Floor } from '../agent.ts'
import { expectedLoss, replicasWithin, type ViolationCurve, violationCurve } from '../loss.ts'
import type { Observation } from '../observation.ts'
import type { ServiceSpec } from '../service-spec.ts'
import type { Policy, Wish } from './policy.ts'
import { reactive } from './reactive.ts'

/** Utilization aimed at in a surge: a queue drains with the rest. The usual HPA target. */
const SURGE_UTILIZATION = 0.8
/** A wish is looked for up to this many times maxReplicas, so that it can be seen how far the bound is off. */
const WISH_BEYOND_MAX = 4

const curveOf = (spec: ServiceSpec, observation: Observation) =>
  violationCurve(
    observation.capacityPerReplica,
    observation.saturationPerReplica,
    spec.slo.objective,
  )

function surging(observation: Observation): boolean {
  const carried = observation.replicas.ready * observation.capacityPerReplica
  return observation.drifting ? observation.loadRps > 0.8 * carried : observation.loadRps > carried
}

/**
 * The rule, with `ahead` telling how many replicas the demand asks for: never less than the floor needs, and room in a
 * surge.
 */
export function wishAhead(
  spec: ServiceSpec,
  observation: Observation,
  floor: Floor,
  ahead: (curve: ViolationCurve, demand: Float64Array, most: number) => number,
): Wish {
  const { demand, freshness, loadRps, capacityPerReplica } = observation
  if (freshness === 'dead' || Number.isNaN(loadRps))
    return { replicas: floor.need, reason: 'no-data' }
  if (demand === undefined) return { replicas: floor.need, reason: 'fallback' }
  const foreseen = ahead(curveOf(spec, observation), demand, WISH_BEYOND_MAX * spec.maxReplicas)
  const surge = surging(observation)
    ? Math.ceil(loadRps / (capacityPerReplica * SURGE_UTILIZATION))
    : 0
  const replicas = Math.max(foreseen, surge, floor.need)
  if (replicas === floor.need) return { replicas, reason: 'reactive' }
  return { replicas, reason: surge > foreseen ? 'surge' : 'forecast' }
}

export const predictive: Policy = {
  kind: 'predictive',
  description:
    'The reactive floor, and ahead of it what the calibrated forecast needs at the measured start-up lag.',
  see: (_spec, observation) => observation,
  wish: (spec, observation, floor) =>
    wishAhead(spec, observation, floor, (curve, demand, most) =>
      replicasWithin(curve, demand, spec.slo.objective, most),
    ),
  loss(spec, observation, replicas) {
    if (observation.demand === undefined) return reactive.loss(spec, observation, replicas)
    return expectedLoss(curveOf(spec, observation), observation.demand, replicas)
  },
}
