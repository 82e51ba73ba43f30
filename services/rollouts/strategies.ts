/** What acts for each service: as the settings have it, and for a tick what a rollout has it be. */
import type { LearnedActor } from '../../agents/policies/learned/act.ts'
import { policyVersion } from '../../agents/policies/learned/document.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'
import type { ServiceId } from '../../forecaster/series.ts'
import type { Settings } from '../loops/settings.ts'
import type { ActorBook } from './actors.ts'
import type { Acting } from './arms.ts'
import { shippedPolicy } from './policy-file.ts'
import type { Strategy } from './rollout.ts'

export interface Strategies {
  /** As the settings have it; of a learned policy without a version the shipped one. */
  inForce(service: ServiceId): Strategy
  /** For good; durable when it resolves. */
  put(strategies: Iterable<readonly [ServiceId, Strategy]>, by: string, atMs: number): Promise<void>
  /** What rollouts have act in the tick to come. */
  plan(acting: ReadonlyMap<ServiceId, Acting>): void
  /** For the tick to come. */
  specOf(service: ServiceId): ServiceSpec
  actorOf(service: ServiceId): LearnedActor | undefined
}

export function createStrategies(settings: Settings, actors: ActorBook): Strategies {
  /** Specs with another policy than the settings have, by service: kept, so that they stay the same objects. */
  const made = new Map<ServiceId, { readonly of: ServiceSpec; readonly spec: ServiceSpec }>()
  let planned: ReadonlyMap<ServiceId, Acting> = new Map()
  const shippedVersion = policyVersion(shippedPolicy())

  function inForce(service: ServiceId): Strategy {
    const policy = settings.policyOf(service)
    if (policy !== 'learned') return { policy, version: null }
    return { policy, version: settings.policyVersionOf(service) ?? shippedVersion }
  }

  return {
    inForce,
    async put(strategies, by, atMs) {
      for (const [service, { policy, version }] of strategies) {
        await settings.put(`policy-version/${service}`, version, by, atMs)
        await settings.put(`policy/${service}`, policy, by, atMs)
      }
    },
    plan(acting) {
      planned = acting
    },
    specOf(service) {
      const of = settings.specOf(service)
      const policy = planned.get(service)?.policy ?? of.policy
      if (policy === of.policy) return of
      const known = made.get(service)
      if (known?.of === of && known.spec.policy === policy) return known.spec
      const spec = { ...of, policy }
      made.set(service, { of, spec })
      return spec
    },
    actorOf(service) {
      const acting = planned.get(service)
      if (acting) return acting.actor
      const { version } = inForce(service)
      return version === null ? undefined : actors.get(version)
    },
  }
}
