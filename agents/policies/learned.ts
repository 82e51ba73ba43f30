/**
 * The predictive policy with its forecast corrected by a trained one: what the actor says *stretches* every quantile of the
 * demand, and the predictive rule judges what comes of it. Hence wish and whole loss curve are of one distribution, an actor
 * that says 1 is the predictive policy to the bit, and no actor reaches the floor, the bounds or the budget.
 *
 * A residual on a policy that works learns faster and starts safe (Silver et al. 2018, "Residual Policy Learning"; Johannink
 * et al. 2019). Scaling demand by s is scaling replicas: E[loss(s·λ, r)] = s·E[loss(λ, r/s)], so one number means the same
 * for small services and large ones.
 */
import type { Observation } from '../observation.ts'
import type { ServiceSpec } from '../service-spec.ts'
import type { LearnedActor } from './learned/act.ts'
import { STRETCH_LEAST, STRETCH_MOST } from './learned/document.ts'
import { writeLearnedFeatures } from './learned/features.ts'
import type { Policy } from './policy.ts'
import { predictive } from './predictive.ts'

export const learned: Policy = {
  ...predictive,
  kind: 'learned',
  description:
    'The predictive policy with its forecast stretched or shrunk by a trained network; without one it is predictive.',
  see(spec, observation, actor) {
    const { demand } = observation
    if (actor === undefined || !isActedOn(observation)) return observation
    const stretch = stretchOf(actor, spec, observation)
    if (stretch === 1) return observation
    return { ...observation, demand: demand!.map((quantile) => quantile * stretch) }
  },
}

type Foreseen = Observation & { readonly demand: Float64Array }

/** Without demand or load there is nothing to correct: the rule falls back or holds by itself. */
export function isActedOn(observation: Observation): observation is Foreseen {
  return (
    observation.demand !== undefined &&
    observation.freshness !== 'dead' &&
    !Number.isNaN(observation.loadRps)
  )
}

/** What `actor` makes of an observation, within bounds; 1 when it says nothing that is a number. */
export function stretchOf(actor: LearnedActor, spec: ServiceSpec, observation: Foreseen): number {
  const features = new Float32Array(actor.features.length)
  writeLearnedFeatures(actor.features, spec, observation, features)
  const said = actor.stretch(features)
  return Number.isNaN(said) ? 1 : Math.min(Math.max(said, STRETCH_LEAST), STRETCH_MOST)
}
