/** One step from wish to count, as the vectors of normalize.test.ts and rate-limits.test.ts write it down. */
import { Behavior } from '../service-spec.ts'
import { type HpaMemory, normalizeWithBehaviors } from './normalize.ts'

export const NOW_MS = 10_000_000
export const MINUTE_MS = 60_000

export const behavior = (scaleUp: object = {}, scaleDown: object = {}) =>
  Behavior.parse({ scaleUp, scaleDown })
export const pods = (value: number, periodSeconds: number) => ({
  type: 'Pods',
  value,
  periodSeconds,
})
export const percent = (value: number, periodSeconds: number) => ({
  type: 'Percent',
  value,
  periodSeconds,
})
export const rules = (...policies: object[]) => ({ policies, stabilizationWindowSeconds: 0 })
/** Changes in the middle of equal segments of the last `seconds`. */
export const spread = (seconds: number, ...changes: number[]) =>
  changes.map((change, i) => ({
    change,
    atMs: NOW_MS - (seconds - (seconds / changes.length) * (i + 0.5)) * 1000,
  }))
export const ago = (minutes: number, replicas: number) => ({
  atMs: NOW_MS - minutes * MINUTE_MS,
  replicas,
})

export interface Case {
  readonly current: number
  readonly desired: number
  readonly min?: number
  readonly max?: number
  readonly up?: object
  readonly down?: object
  readonly ups?: HpaMemory['scaleUps']
  readonly downs?: HpaMemory['scaleDowns']
  readonly recommendations?: HpaMemory['recommendations']
}
export const step = ({ current, desired, min = 1, max = 1000, ...rest }: Case) =>
  normalizeWithBehaviors({
    current,
    desired,
    minReplicas: min,
    maxReplicas: max,
    behavior: behavior(rest.up, { stabilizationWindowSeconds: 0, ...rest.down }),
    memory: {
      recommendations: rest.recommendations ?? [],
      scaleUps: rest.ups ?? [],
      scaleDowns: rest.downs ?? [],
    },
    nowMs: NOW_MS,
  })
