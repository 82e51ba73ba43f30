/** How far the scaling policies of autoscaling/v2 let a count go, from the changes that were made: counted anew, not as the product does. */
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { Effect } from './platform.ts'

/** Of several rules the one that lets most through counts, as in `selectPolicy: Max`. */
export function mostUp(list: readonly Effect[], { from, atMs }: Effect, spec: ServiceSpec): number {
  const { policies } = spec.behavior.scaleUp
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base =
      from - changed(list, atMs, periodSeconds, 1) + changed(list, atMs, periodSeconds, -1, 2)
    return type === 'Pods' ? base + value : Math.max(1, Math.ceil(base * (1 + value / 100)))
  })
  return Math.max(spec.minReplicas, ...limits)
}

export function leastDown(
  list: readonly Effect[],
  { from, atMs }: Effect,
  spec: ServiceSpec,
): number {
  const { policies } = spec.behavior.scaleDown
  const limits = policies.map(({ type, value, periodSeconds }) => {
    const base =
      from + changed(list, atMs, periodSeconds, -1) - changed(list, atMs, periodSeconds, 1, 2)
    return type === 'Pods' ? base - value : Math.floor(base * (1 - value / 100))
  })
  return Math.min(spec.maxReplicas, Math.max(0, Math.min(...limits)))
}

/**
 * Replicas that were added (1) or taken away (−1) within the period, as the HorizontalPodAutoscaler counts: what went the
 * other way gives room. Effects come a little after their decisions, so what is held against a decision is what surely
 * lay in its period, and what speaks for it what may have.
 */
function changed(
  list: readonly Effect[],
  atMs: number,
  periodSeconds: number,
  sign: 1 | -1,
  periods = 0.5,
): number {
  let sum = 0
  for (const effect of list) {
    const change = sign * (effect.to - effect.from)
    if (change > 0 && atMs - effect.atMs < periodSeconds * 1000 * periods) sum += change
  }
  return sum
}
