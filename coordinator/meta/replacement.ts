/**
 * A change of tier as it is carried out: replicas of the new tier start beside the old ones, the load goes over to them when
 * they are ready and carry no less than what is ready on the old ones, and only then these go. So at no moment is less
 * capacity ready than before; and both are paid for meanwhile, out of what reactive need leaves of the budget (tick.ts).
 * Where the money goes to reactive need, or the new ones do not get ready, the change is given up: they go, nothing else does.
 */
import type { AgentMemory } from '../../agents/agent.ts'
import type { HpaMemory } from '../../agents/hpa/normalize.ts'
import { asMany, type TierOffer } from './tiers.ts'

/** Plain data, kept over restarts. */
export interface Replacement {
  readonly to: string
  readonly beganMs: number
  /** Replicas asked for on the new tier. */
  readonly replicas: number
}

/** Of the tier that is to take over, as observed. */
export interface Beside {
  readonly tier: string
  readonly ready: number
  readonly starting: number
}

export type ReplacementStep =
  /** So many run beside: absolute, an order that is given again changes nothing. */
  | { readonly kind: 'prepare'; readonly replicas: number }
  /** They take over, as the service's own; the old ones go. */
  | { readonly kind: 'take-over'; readonly replicas: number }
  | { readonly kind: 'give-up'; readonly why: 'budget' | 'late' | 'bounds' }

export interface ReplacementInput {
  readonly replacement: Replacement
  /** Capacities of one replica, in the same unit. */
  readonly from: Pick<TierOffer, 'capacityPerReplica'>
  readonly to: Pick<TierOffer, 'capacityPerReplica' | 'minReplicas' | 'maxReplicas'>
  /** Of the old tier: asked for, and ready. */
  readonly requested: number
  readonly ready: number
  readonly beside: Beside | undefined
  /** Whether the last tick could pay for it. */
  readonly isPaid: boolean
  readonly nowMs: number
  /** Given up after so long, ms. */
  readonly mostMs: number
}

/** Replicas of the new tier that carry what the old one has ready or asked for. */
export function replicasBeside({
  from,
  to,
  requested,
  ready,
}: Pick<ReplacementInput, 'from' | 'to' | 'requested' | 'ready'>): number {
  const capacity = Math.max(requested, ready)
  return Math.max(to.minReplicas, asMany(capacity, from.capacityPerReplica, to.capacityPerReplica))
}

export function stepOf(input: ReplacementInput): ReplacementStep {
  const { replacement, to, beside, isPaid, nowMs, mostMs } = input
  const needed = replicasBeside(input)
  if (needed > to.maxReplicas) return { kind: 'give-up', why: 'bounds' }
  if (!isPaid) return { kind: 'give-up', why: 'budget' }
  const ready = beside?.tier === replacement.to ? beside.ready : 0
  if (ready >= needed) return { kind: 'take-over', replicas: needed }
  if (nowMs - replacement.beganMs > mostMs) return { kind: 'give-up', why: 'late' }
  // what runs beside already is not let go while the change is under way
  return { kind: 'prepare', replicas: Math.max(needed, replacement.replicas) }
}

/** An agent's memory in replicas of the new tier: as many as carry what was meant. */
export function memoryOn(
  memory: AgentMemory,
  from: Pick<TierOffer, 'capacityPerReplica'>,
  to: Pick<TierOffer, 'capacityPerReplica'>,
): AgentMemory {
  const as = (replicas: number) => asMany(replicas, from.capacityPerReplica, to.capacityPerReplica)
  const hpa = ({ recommendations, scaleUps, scaleDowns }: HpaMemory): HpaMemory => ({
    recommendations: recommendations.map(({ atMs, replicas }) => ({
      ...{ atMs, replicas: as(replicas) },
    })),
    scaleUps: scaleUps.map(({ atMs, change }) => ({ atMs, change: as(change) })),
    scaleDowns: scaleDowns.map(({ atMs, change }) => ({ atMs, change: as(change) })),
  })
  return {
    floorReplicas: as(memory.floorReplicas),
    floorMemory: hpa(memory.floorMemory),
    changes: hpa(memory.changes),
    wants: memory.wants.map(({ atMs, replicas }) => ({ atMs, replicas: as(replicas) })),
    lastTo: -1,
  }
}
