/** What is held because something else scales it too: found at each look, told when it begins and when it ends. */
import type { ServiceId } from '../../../forecaster/series.ts'
import { type WorkloadRef, workloadKey } from '../workload.ts'
import { conflictOf, type OtherWriters, type ScaleConflict } from './conflict.ts'
import type { WorkloadEvent } from './events.ts'
import type { WorkloadView } from './objects.ts'

/** A workload as it was looked at. */
export interface Look {
  readonly service: ServiceId
  readonly ref: WorkloadRef
  readonly view: WorkloadView
  readonly others: OtherWriters
}

export interface Holds {
  conflictIn(look: Look): ScaleConflict | undefined
  /** The same, and told when it is news. */
  follow(look: Look): ScaleConflict | undefined
  /** The decision was carried out: the count that it set stood there. */
  carriedOut(service: ServiceId, decision: string): void
}

export interface HoldsDeps {
  readonly minReplicasOf: (service: ServiceId) => number
  readonly holdAfterManualChangeMs: () => number
  readonly nowMs: () => number
  readonly tell: (service: ServiceId, event: WorkloadEvent) => void
  readonly log: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
  }
}

export function createHolds(deps: HoldsDeps): Holds {
  const { tell, log } = deps
  /** Why each service was held at the last look. */
  const held = new Map<ServiceId, string>()
  const carried = new Map<ServiceId, string>()
  const seen = new Map<ServiceId, { replicas: number; sinceMs: number }>()

  function seenSinceMs(service: ServiceId, { replicas }: WorkloadView): number {
    const known = seen.get(service)
    if (known?.replicas === replicas) return known.sinceMs
    const sinceMs = deps.nowMs()
    seen.set(service, { replicas, sinceMs })
    return sinceMs
  }

  function conflictIn({ service, ref, view, others }: Look): ScaleConflict | undefined {
    const { decision } = view.marks
    return conflictOf({
      workload: workloadKey(ref),
      ...{ view, others },
      isCarriedOut: decision !== undefined && carried.get(service) === decision.decision,
      seenSinceMs: seenSinceMs(service, view),
      minReplicas: deps.minReplicasOf(service),
      holdAfterManualChangeMs: deps.holdAfterManualChangeMs(),
      nowMs: deps.nowMs(),
    })
  }

  function begins({ service, ref, view }: Look, { kind, detail }: ScaleConflict): void {
    held.set(service, detail)
    log.warn({ service, workload: workloadKey(ref), conflict: kind }, detail)
    const about = { ref, uid: view.uid, action: 'Scale' }
    tell(service, { ...about, type: 'Warning', reason: 'ScalingHeld', note: detail })
  }

  function ends({ service, ref, view }: Look): void {
    held.delete(service)
    log.info({ service, workload: workloadKey(ref) }, 'nothing else scales it any more')
    const about = { ref, uid: view.uid, action: 'Scale' }
    const note = 'nothing else scales it any more'
    tell(service, { ...about, type: 'Normal', reason: 'ScalingResumed', note })
  }

  return {
    conflictIn,
    carriedOut: (service, decision) => void carried.set(service, decision),
    follow(look) {
      const { decision } = look.view.marks
      if (decision?.to === look.view.replicas) carried.set(look.service, decision.decision)
      const conflict = conflictIn(look)
      const before = held.get(look.service)
      if (conflict?.holds) {
        if (before !== conflict.detail) begins(look, conflict)
      } else if (before !== undefined) ends(look)
      return conflict
    },
  }
}
