/**
 * What each strategy would have at a tick, had it always acted: tracks of replica counts in the shadow, beside the one that
 * is real. The HPA rule and static thresholds have tracks too, so that savings are against what would really have been.
 *
 * A count is judged against the load at the time when what it asks for would be ready, by the learned violation curve;
 * two figures, the SRE workbook's and SPEC's: `burn`, violations as a multiple of what the SLO allows of the load, and
 * `provisioning`, capacity as a multiple of what the load needs. Their sum is the loss: an error budget spent whole weighs as
 * much as carrying the load itself.
 */
import { floorOf, type TimedCount } from '../../agents/agent.ts'
import { emptyMemory, type HpaMemory } from '../../agents/hpa/normalize.ts'
import { lossOfLoad, violationCurve } from '../../agents/loss.ts'
import { policyOf } from '../../agents/policies/registry.ts'
import type { PolicyKind } from '../../agents/service-spec.ts'
import type { ServiceInput } from '../tick-input.ts'

/** Plain data. */
export interface ShadowTracks {
  readonly hpa: { readonly replicas: number; readonly memory: HpaMemory }
  readonly thresholds: { readonly replicas: number; readonly changedAtMs: number }
  /** What each policy lately wanted. */
  readonly wants: Readonly<Partial<Record<PolicyKind, readonly TimedCount[]>>>
}

export interface ShadowCounts {
  readonly policies: readonly number[]
  readonly hpa: number
  readonly thresholds: number
}

/** Above and below these utilizations the static rule adds or takes one replica, at most once a cooldown. */
const THRESHOLDS = { up: 0.8, down: 0.5, cooldownMs: 300_000 }

export function openTracks(requested: number): ShadowTracks {
  return {
    hpa: { replicas: requested, memory: emptyMemory },
    thresholds: { replicas: requested, changedAtMs: Number.MIN_SAFE_INTEGER },
    wants: {},
  }
}

/** One tick further. Where there is no fresh load all tracks hold. */
export function shadowTick(
  tracks: ShadowTracks,
  input: ServiceInput,
  policies: readonly PolicyKind[],
): { readonly tracks: ShadowTracks; readonly counts: ShadowCounts } {
  const { spec, observation, actor } = input
  const { nowMs, leadTimeMs } = observation
  const floor = floorOf(spec, observation, {
    floorReplicas: tracks.hpa.replicas,
    floorMemory: tracks.hpa.memory,
    ...{ changes: emptyMemory, wants: [], lastTo: -1 },
  })
  const wants: Partial<Record<PolicyKind, readonly TimedCount[]>> = {}
  const counts = policies.map((kind) => {
    const policy = policyOf(kind)
    const seen = policy.see(spec, observation, actor)
    const wished = policy.wish(spec, seen, floor, actor).replicas
    // held as the acting one's (agents/agent.ts)
    const holdMs = policy.holdMs?.(observation, actor) ?? leadTimeMs
    const held = [
      ...(tracks.wants[kind] ?? []).filter(
        (want) => want.atMs > nowMs - holdMs && want.replicas > wished,
      ),
      { atMs: nowMs, replicas: wished },
    ]
    if (kind !== 'reactive') wants[kind] = held
    const most = kind === 'reactive' ? wished : Math.max(...held.map(({ replicas }) => replicas))
    return Math.min(Math.max(most, spec.minReplicas), spec.maxReplicas)
  })
  const thresholds = thresholdsAfter(tracks.thresholds, input)
  return {
    tracks: { hpa: { replicas: floor.need, memory: floor.memory }, thresholds, wants },
    counts: { policies: counts, hpa: floor.need, thresholds: thresholds.replicas },
  }
}

function thresholdsAfter(
  track: ShadowTracks['thresholds'],
  { spec, observation }: ServiceInput,
): ShadowTracks['thresholds'] {
  const { nowMs, loadRps, capacityPerReplica, freshness } = observation
  if (freshness !== 'fresh' || nowMs - track.changedAtMs < THRESHOLDS.cooldownMs) return track
  const utilization = loadRps / (track.replicas * capacityPerReplica)
  const step = utilization > THRESHOLDS.up ? 1 : utilization < THRESHOLDS.down ? -1 : 0
  const wanted = Math.max(track.replicas + step, spec.minReplicas)
  const replicas = Math.min(wanted, spec.maxReplicas)
  return replicas === track.replicas ? track : { replicas, changedAtMs: nowMs }
}

export interface Judged {
  /** Requests/s outside the SLO. */
  readonly violationsRps: number
  readonly burn: number
  readonly provisioning: number
  /** Their sum as a share of `WORST`, 0 to 1. */
  readonly loss: number
}

/** From so many times the need or the error budget on, all is as bad. */
export const WORST = 20

/** What any count would have made of the load as it came; undefined where nothing came that can be judged. */
export function judgeOf({
  spec,
  observation,
}: ServiceInput): ((replicas: number) => Judged) | undefined {
  const { loadRps, freshness, capacityPerReplica, saturationPerReplica } = observation
  if (freshness !== 'fresh' || !(loadRps > 0)) return undefined
  const { objective } = spec.slo
  const curve = violationCurve(capacityPerReplica, saturationPerReplica, objective)
  // less than the least that may run is no waste
  const needed = Math.max(loadRps / capacityPerReplica, spec.minReplicas)
  const allowed = (1 - objective) * loadRps
  return (replicas) => {
    const violationsRps = lossOfLoad(curve, loadRps, replicas)
    const burn = violationsRps / allowed
    const provisioning = replicas / needed
    return {
      violationsRps,
      burn,
      provisioning,
      loss: Math.min(1, (burn + provisioning) / WORST),
    }
  }
}
