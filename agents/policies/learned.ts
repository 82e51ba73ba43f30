/**
 * The predictive policy with its forecast corrected by a trained one: what the actor says *stretches* every quantile of the
 * demand, and the predictive rule judges what comes of it. Hence wish and whole loss curve are of one distribution, an actor
 * that says 1 is the predictive policy to the bit, and no actor reaches the floor, the bounds or the budget.
 *
 * A residual on a policy that works learns faster and starts safe (Silver et al. 2018, "Residual Policy Learning"; Johannink
 * et al. 2019). Scaling demand by s is scaling replicas: E[loss(s·λ, r)] = s·E[loss(λ, r/s)], so one number means the same
 * for small services and large ones.
 */
import { isActedOn, stretchOf } from './learned/stretch.ts'
import { replicasBy, tunedDemand } from './learned/tuning.ts'
import type { Policy } from './policy.ts'
import { predictive, wishAhead } from './predictive.ts'

export const learned: Policy = {
  ...predictive,
  kind: 'learned',
  description:
    'The predictive policy with its forecast stretched or shrunk by a trained network; without one it is predictive.',
  see(spec, observation, actor) {
    if (actor === undefined || !isActedOn(observation)) return observation
    const stretch = stretchOf(actor, spec, observation)
    const demand =
      stretch === 1 ? observation.demand : observation.demand.map((quantile) => quantile * stretch)
    const tuning = actor.tuningOf?.(observation.service)
    if (tuning) return { ...observation, demand: tunedDemand(tuning, { ...observation, demand }) }
    return stretch === 1 ? observation : { ...observation, demand }
  },
  wish(spec, observation, floor, actor) {
    const weighing = actor?.tuningOf?.(observation.service)?.weighing
    if (weighing === undefined) return predictive.wish(spec, observation, floor)
    const capacity = observation.capacityPerReplica
    return wishAhead(spec, observation, floor, (curve, demand, most) =>
      replicasBy(weighing, curve, demand, { capacity, most }),
    )
  },
  holdMs(observation, actor) {
    const leads = actor?.tuningOf?.(observation.service)?.holdLeads ?? 1
    return leads * observation.leadTimeMs
  },
}
