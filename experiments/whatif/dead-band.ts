/**
 * What an HPA's tolerance swallows: steps too small to be carried out, how often that happened in the replay, and which
 * of Forescale's decisions would be lost if they reached this HPA as a metric "desired replicas" with target 1.
 */
import { type SmallestStep, smallestStep } from '../../agents/hpa/dead-band.ts'
import { isWithinTolerance, type Tolerance } from '../../agents/hpa/metrics.ts'
import type { Arm, RuleArm } from './arms.ts'
import type { Cluster } from './present-rule.ts'
import type { Replayed } from './scenario.ts'

export interface DeadBand {
  readonly service: string
  readonly toleranceUp: number
  readonly toleranceDown: number
  /** At the fewest, the usual (median) and the most replicas of the replay. */
  readonly steps: readonly SmallestStep[]
  /** Decisions of the rule, and those of them in which it wanted another count but the tolerance held it. */
  readonly decisions: number
  readonly swallowedUp: number
  readonly swallowedDown: number
  /** Replica-hours that were there although the rule without its tolerance would have let them go. */
  readonly idleReplicaHours: number
  /** Forescale's decisions through this HPA. */
  readonly forescale: {
    readonly changes: number
    readonly swallowed: number
    /** Most replicas that were missing against what was asked for. */
    readonly mostMissing: number
  }
}

export interface DeadBandInput {
  readonly services: readonly Replayed[]
  readonly present: RuleArm
  readonly forescale: Arm
  readonly cluster: Cluster
  readonly tickMs: number
}

export function deadBands({
  services,
  present,
  forescale,
  cluster,
  tickMs,
}: DeadBandInput): DeadBand[] {
  return services.map(({ manifest, history }, i) => {
    const tolerance: Tolerance = {
      toleranceUp: manifest.behavior?.scaleUp.tolerance ?? cluster.tolerance,
      toleranceDown: manifest.behavior?.scaleDown.tolerance ?? cluster.tolerance,
    }
    const { requested } = present.record.columns[i]!
    const counts = requested.filter((count) => count > 0).sort()
    const seen = [counts[0], counts[counts.length >> 1], counts.at(-1)]
    const swallowed = present.swallowed[i]!
    const isDown = swallowed.filter(({ wanted, replicas }) => wanted < replicas)
    const syncMs = Math.max(cluster.syncSeconds * 1000, tickMs)
    const idle = isDown.reduce((sum, { wanted, replicas }) => sum + replicas - wanted, 0)
    return {
      service: history.service,
      ...tolerance,
      steps: [...new Set(seen)]
        .filter((count) => count !== undefined)
        .map((replicas) => smallestStep(replicas, tolerance)),
      decisions: Math.floor((requested.length * tickMs) / syncMs),
      swallowedUp: swallowed.length - isDown.length,
      swallowedDown: isDown.length,
      idleReplicaHours: (idle * syncMs) / 3_600_000,
      forescale: throughHpa(forescale.record.columns[i]!.requested, tolerance),
    }
  })
}

function throughHpa(desired: Float64Array, tolerance: Tolerance): DeadBand['forescale'] {
  let at = desired[0] ?? 0
  let changes = 0
  let swallowed = 0
  let mostMissing = 0
  for (let tick = 1; tick < desired.length; tick++) {
    const wanted = desired[tick]!
    const isChange = wanted !== desired[tick - 1]
    if (isChange) changes++
    if (wanted === at) continue
    if (at > 0 && isWithinTolerance(wanted / at, tolerance)) {
      if (isChange) swallowed++
      mostMissing = Math.max(mostMissing, wanted - at)
    } else at = wanted
  }
  return { changes, swallowed, mostMissing }
}
