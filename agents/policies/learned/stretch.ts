/** What a learned policy makes of an observation: when it is asked, and within which bounds it is followed. */
import type { Observation } from '../../observation.ts'
import type { ServiceSpec } from '../../service-spec.ts'
import type { LearnedActor } from './act.ts'
import { STRETCH_LEAST, STRETCH_MOST } from './document.ts'
import { writeLearnedFeatures } from './features.ts'

export type Foreseen = Observation & { readonly demand: Float64Array }

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
  return followed(actor.stretch(features))
}

/** What is made of what an actor said. */
export function followed(said: number): number {
  return Number.isNaN(said) ? 1 : Math.min(Math.max(said, STRETCH_LEAST), STRETCH_MOST)
}
