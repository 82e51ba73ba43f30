/**
 * Cost tiers: the sizes in which a service's replicas can be had, each with its capacity, price, start-up time and bounds. A
 * shared catalogue names them (micro … xlarge); a service says which of them it may run on, and what differs there.
 *
 * A service runs on one tier at a time. Its own capacity is that of the tier it is declared on; on another one a replica is
 * taken to carry as much more as that is larger, until the service is seen there. Bounds keep their meaning in both units: on
 * every tier no fewer replicas than `minReplicas` (a lost one must not be all there was), and no less capacity than they were.
 */
import { z } from 'zod'
import type { ServiceSpec } from '../../agents/service-spec.ts'

const price = z.number().positive().meta({ description: 'Cost of one replica, $/hour.' })
const startup = z.number().min(0).meta({ description: 'From start to ready, s.' })
const most = z.int().min(1).max(10000)

export const Tier = z
  .strictObject({
    size: z.number().positive().meta({
      description:
        'Capacity of a replica beside one of size 1: twice the size carries twice the load.',
    }),
    pricePerReplicaHour: price,
    startupSeconds: startup.optional().meta({
      description: 'From start to ready, s; as the service says when absent.',
    }),
    maxReplicas: most.optional().meta({
      description:
        'Most replicas of a service on it; as much capacity as its own maximum when absent.',
    }),
  })
  .meta({ id: 'Tier' })
export type Tier = z.infer<typeof Tier>

export const TierCatalogue = z.record(z.string().min(1), Tier)
export type TierCatalogue = z.infer<typeof TierCatalogue>

/** One tier as a service finds it. */
export interface TierOffer {
  readonly name: string
  /** Requests/s of one replica within the SLO, as declared. */
  readonly capacityPerReplica: number
  readonly pricePerReplicaHour: number
  readonly startupSeconds: number
  readonly minReplicas: number
  readonly maxReplicas: number
}

/** Sums of capacities are compared with this slack, so that three of ten are thirty. */
const SLACK = 1e-9

/** Fewest replicas of `each` that carry what `replicas` of `of` do. */
export const asMany = (replicas: number, of: number, each: number): number =>
  Math.ceil((replicas * of) / each - SLACK)

/** What a service, as declared, may run on, in the order of its configuration; empty where it has no tier. */
export function offersFor(spec: ServiceSpec, catalogue: TierCatalogue): readonly TierOffer[] {
  if (spec.tier === undefined) return []
  const own = spec.tiers ?? { [spec.tier]: {} }
  const base = catalogue[spec.tier]
  if (base === undefined) return []
  return Object.entries(own).flatMap(([name, differs]) => {
    const listed = catalogue[name]
    if (!listed) return []
    const capacityPerReplica =
      differs.capacityPerReplica ?? (spec.capacityPerReplica * listed.size) / base.size
    const as = (replicas: number) => asMany(replicas, spec.capacityPerReplica, capacityPerReplica)
    const minReplicas = Math.max(spec.minReplicas, as(spec.minReplicas))
    const maxReplicas = differs.maxReplicas ?? listed.maxReplicas ?? as(spec.maxReplicas)
    return {
      ...{ name, capacityPerReplica, minReplicas },
      pricePerReplicaHour: differs.pricePerReplicaHour ?? listed.pricePerReplicaHour,
      startupSeconds: differs.startupSeconds ?? listed.startupSeconds ?? spec.startupSeconds,
      maxReplicas: Math.max(minReplicas, maxReplicas),
    }
  })
}

/** The spec of a service on a tier: what stands in a tick's input and in its frame. */
export function specOn(spec: ServiceSpec, { name, ...offer }: TierOffer): ServiceSpec {
  return { ...spec, ...offer, tier: name }
}
