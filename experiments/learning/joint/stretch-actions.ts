/**
 * Actions of the agents that learn together, as replica counts. An action a, −1 to 1, multiplies what the forecast's 90 %
 * quantile asks for at the declared capacity (or, where that is more, what comes now) by exp(REACH · a). So an agent that
 * answers 0 is a plain predictive one, and learning begins where that one stands (residual policy learning: Silver et al.
 * 2018, arXiv:1812.06298).
 */
import type { ActionSpace } from '../../../agents/learning/environment.ts'
import type { ServiceSpec } from '../../../agents/service-spec.ts'
import { FEATURES } from '../../environments/features.ts'

export const STRETCH: ActionSpace = { kind: 'continuous', size: 1, low: [-1], high: [1] }
/** The most doubles, the least halves. */
export const REACH = Math.LN2

const placeOf = (name: string): number => FEATURES.findIndex((feature) => feature.name === name)
const LOAD = placeOf('load')
const FORECAST = placeOf('forecast90')

/** `observations[offset]` is the first number of the service's observation (environments/features.ts). */
export function stretchedCount(
  { minReplicas, maxReplicas }: Pick<ServiceSpec, 'minReplicas' | 'maxReplicas'>,
  observations: Float32Array,
  offset: number,
  action: number,
): number {
  // both are shares of what maxReplicas carry
  const asked = Math.max(observations[offset + LOAD]!, observations[offset + FORECAST]!)
  const count = Math.ceil(asked * maxReplicas * Math.exp(REACH * action))
  return Math.min(Math.max(count, minReplicas), maxReplicas)
}

/** The action that multiplies by `stretch`. */
export function actionOf(stretch: number): number {
  return Math.log(stretch) / REACH
}
