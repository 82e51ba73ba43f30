/**
 * One agent per service: its memory, and the steps in which it speaks.
 *
 *   floor     what pure reactive control (the HPA rule) would need now, on a track of its own: the replica
 *             count that HPA alone would have had, so that "do no harm" compares with what HPA really does
 *   propose   the menu: floor, what the policy wants beyond it, and what each count loses
 *   remember  what was granted, for the next tick
 *
 * All of it pure: memory goes in and comes out.
 */
import type { ServiceId } from '../forecaster/series.ts'
import { averageValueReplicas } from './hpa/metrics.ts'
import {
  emptyMemory,
  type HpaMemory,
  normalizeWithBehaviors,
  recordScaleEvent,
  type ScaleEvent,
  scaleDownLimit,
} from './hpa/normalize.ts'
import type { Observation } from './observation.ts'
import type { ServiceSpec } from './service-spec.ts'

export interface TimedCount {
  readonly atMs: number
  readonly replicas: number
}

export interface AgentMemory {
  /** The count that reactive control alone would have had. */
  readonly floorReplicas: number
  readonly floorMemory: HpaMemory
  /** Changes really made, for the rate limits. */
  readonly changes: HpaMemory
  /** What the policy lately wanted, newest last: extra is held for a while, so that it does not flap. */
  readonly wants: readonly TimedCount[]
  /** The last count decided and enforced; -1 before the first. */
  readonly lastTo: number
}

export function firstMemory(requested: number): AgentMemory {
  return {
    floorReplicas: requested,
    floorMemory: emptyMemory,
    changes: emptyMemory,
    wants: [],
    lastTo: -1,
  }
}

/**
 * Memory as it stands at the start of a tick: when somebody else changed the target, or nothing was changed because it was
 * only advised or writes were paused, reactive control would have found that count too, and the changes that were really
 * made. So the floor's track takes both over. Were it to go on by itself it would claim money for replicas that no rate
 * limit lets it have, and forecasts would get what others' reactive need should.
 */
export function catchUp(memory: AgentMemory | undefined, requested: number): AgentMemory {
  if (memory === undefined) return firstMemory(requested)
  if (memory.lastTo === requested) return memory
  const { scaleUps, scaleDowns } = memory.changes
  const floorMemory = { ...memory.floorMemory, scaleUps, scaleDowns }
  return { ...memory, floorReplicas: requested, floorMemory, lastTo: -1 }
}

/**
 * Memory after an order that was not said to be carried out: the last tick's change was remembered as it was decided, and
 * counts as it came out. One that a target refused was none, and one that it carried out in part is that part: else an
 * increase that never was would give room for a decrease. What goes beyond it is somebody else's, no change of ours.
 */
export function asItCameOut(memory: AgentMemory, requested: number): AgentMemory {
  const { changes, wants, lastTo } = memory
  if (lastTo === -1 || lastTo === requested) return memory
  const atMs = wants.at(-1)?.atMs
  const isLast = (event: ScaleEvent): boolean => event.atMs === atMs
  const sizeOf = (events: readonly ScaleEvent[]) => events.find(isLast)?.change ?? 0
  const decided = sizeOf(changes.scaleUps) - sizeOf(changes.scaleDowns)
  const done = requested - (lastTo - decided)
  if (done * decided < 0 || Math.abs(done) >= Math.abs(decided)) return memory
  const corrected = (events: readonly ScaleEvent[]) =>
    events
      .map((event) => (isLast(event) ? { ...event, change: Math.abs(done) } : event))
      .filter(({ change }) => change > 0)
  const { recommendations, scaleUps, scaleDowns } = changes
  const cameOut = {
    recommendations,
    scaleUps: corrected(scaleUps),
    scaleDowns: corrected(scaleDowns),
  }
  return { ...memory, changes: cameOut, lastTo: -1 }
}

export interface Floor {
  readonly service: ServiceId
  /** The least that bounds and rate limits let reactive control go to. */
  readonly least: number
  /** What the observed load needs by the HPA rule, stabilised and rate-limited; ≥ least. */
  readonly need: number
  /** What it would need were there no rate limit; ≥ need. */
  readonly aim: number
  readonly memory: HpaMemory
  readonly limitedBy:
    | 'none'
    | 'stabilization'
    | 'rate-limit'
    | 'max-replicas'
    | 'min-replicas'
    | 'no-data'
}

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

/** Reactive need now. Without a usable load the count holds: missing data never causes a decrease. */
export function floorOf(spec: ServiceSpec, observation: Observation, memory: AgentMemory): Floor {
  const { minReplicas, maxReplicas, behavior } = spec
  const { service, nowMs, loadRps, freshness } = observation
  const current = memory.floorReplicas
  const held = clamp(current, minReplicas, maxReplicas)
  if (freshness === 'dead' || Number.isNaN(loadRps)) {
    const least = held
    return {
      service,
      least,
      need: held,
      aim: held,
      memory: memory.floorMemory,
      limitedBy: 'no-data',
    }
  }
  const desired = averageValueReplicas({
    total: loadRps,
    targetAverage: observation.capacityPerReplica * spec.targetUtilization,
    currentReplicas: current,
    toleranceUp: behavior.scaleUp.tolerance,
    toleranceDown: behavior.scaleDown.tolerance,
  })
  const step = normalizeWithBehaviors({
    current,
    desired,
    minReplicas,
    maxReplicas,
    behavior,
    memory: memory.floorMemory,
    nowMs,
  })
  const aimed = clamp(desired, minReplicas, maxReplicas)
  if (freshness !== 'fresh') {
    const need = Math.max(step.replicas, held)
    return {
      service,
      least: held,
      need,
      aim: Math.max(need, aimed),
      memory: step.memory,
      limitedBy: step.replicas < held ? 'no-data' : step.limitedBy,
    }
  }
  const least = clamp(
    scaleDownLimit(current, memory.floorMemory, behavior, nowMs),
    minReplicas,
    step.replicas,
  )
  const { replicas: need, memory: next, limitedBy } = step
  return { service, least, need, aim: Math.max(need, aimed), memory: next, limitedBy }
}

export interface Granted {
  /** What the floor's own track was granted. */
  readonly floorReplicas: number
  readonly from: number
  readonly to: number
  readonly wanted: number
  /** How long `wanted` is held. */
  readonly holdMs: number
  readonly enforced: boolean
}

export function remember(
  spec: ServiceSpec,
  observation: Observation,
  memory: AgentMemory,
  floor: Floor,
  granted: Granted,
): AgentMemory {
  const { nowMs } = observation
  const { from, to, enforced } = granted
  const heldSinceMs = nowMs - granted.holdMs
  return {
    floorReplicas: granted.floorReplicas,
    floorMemory: recordScaleEvent(
      floor.memory,
      memory.floorReplicas,
      granted.floorReplicas,
      nowMs,
      spec.behavior,
    ),
    changes: enforced
      ? recordScaleEvent(memory.changes, from, to, nowMs, spec.behavior)
      : memory.changes,
    wants: [
      // the largest counts: one that a later one reaches is never asked for again
      ...memory.wants.filter((w) => w.atMs > heldSinceMs && w.replicas > granted.wanted),
      { atMs: nowMs, replicas: granted.wanted },
    ],
    lastTo: enforced ? to : -1,
  }
}

/**
 * The largest count wanted within the hold time. A wish for extra replicas outlives its forecast, by a lead time where a
 * policy says no other: a replica that is let go and wanted back costs its start-up again, so keeping it for about as long
 * costs at most twice what foresight would (the ski-rental rule: Karlin et al. 1988).
 */
export function heldWant(
  nowMs: number,
  memory: AgentMemory,
  wanted: number,
  holdMs: number,
): number {
  const sinceMs = nowMs - holdMs
  let most = wanted
  for (const want of memory.wants)
    if (want.atMs > sinceMs && want.replicas > most) most = want.replicas
  return most
}
