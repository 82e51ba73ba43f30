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
import type { Policy } from './policy.ts'
import { predictive } from './predictive.ts'

export const learned: Policy = {
  ...predictive,
  kind: 'learned',
  description:
    'The predictive policy with its forecast stretched or shrunk by a trained network; without one it is predictive.',
  see(spec, observation, actor) {
    if (actor === undefined || !isActedOn(observation)) return observation
    const stretch = stretchOf(actor, spec, observation)
    if (stretch === 1) return observation
    return { ...observation, demand: observation.demand.map((quantile) => quantile * stretch) }
  },
}
