/**
 * From a metric's wish to a count that may be set: stabilise first, rate-limit second.
 *
 * Stabilization holds against the safest recommendation of a window; what is remembered is the wish itself,
 * unstabilised. A rate limit counts from the replicas that there were when its period began. Window and period are
 * open at their old end (strictly newer than now − length). Source: kubernetes/kubernetes,
 * pkg/controller/podautoscaler/horizontal.go. The controller keeps the two histories in maps; here they go in and
 * come out. It also lets one side's longest period decide when that side's events may be overwritten; here both
 * sides' events live for the longest period of either, since both limits read both.
 */
import type { Behavior } from '../service-spec.ts'

export interface Recommendation {
  readonly atMs: number
  readonly replicas: number
}

export interface ScaleEvent {
  readonly atMs: number
  /** Replicas added (scaleUps) or removed (scaleDowns), > 0. */
  readonly change: number
}

export interface HpaMemory {
  readonly recommendations: readonly Recommendation[]
  readonly scaleUps: readonly ScaleEvent[]
  readonly scaleDowns: readonly ScaleEvent[]
}

export const emptyMemory: HpaMemory = { recommendations: [], scaleUps: [], scaleDowns: [] }

export type LimitedBy = 'none' | 'stabilization' | 'rate-limit' | 'max-replicas' | 'min-replicas'

export interface Normalized {
  readonly replicas: number
  /** With this wish remembered, and what is older than every window in use forgotten. */
  readonly memory: HpaMemory
  readonly limitedBy: LimitedBy
}

export interface NormalizeInput {
  readonly current: number
  readonly desired: number
  readonly minReplicas: number
  readonly maxReplicas: number
  readonly memory: HpaMemory
  readonly nowMs: number
}

export interface BehaviorInput extends NormalizeInput {
  readonly behavior: Behavior
}

type Rules = Behavior['scaleUp']

const DOWNSCALE_STABILIZATION_MS = 300_000
const SCALE_UP_FACTOR = 2
const SCALE_UP_LEAST = 4

/**
 * With `spec.behavior`. A count outside the bounds is first brought inside them, without asking anything else.
 * An empty memory counts as having recommended `current` just now, so that a restart cannot scale down at once.
 */
export function normalizeWithBehaviors(input: BehaviorInput): Normalized {
  const { current, desired, minReplicas, maxReplicas, behavior, memory, nowMs } = input
  if (current > maxReplicas) return { replicas: maxReplicas, memory, limitedBy: 'max-replicas' }
  if (current < minReplicas) return { replicas: minReplicas, memory, limitedBy: 'min-replicas' }

  const past = pastOf(memory, current, nowMs)
  const stable = stabilise(past, input)
  const windowMs = longestWindowMs(behavior)
  const eventsSinceMs = nowMs - longestPeriodMs(behavior)
  const remembered: HpaMemory = {
    recommendations: remember(past, nowMs - windowMs, desired, nowMs),
    scaleUps: newerThan(memory.scaleUps, eventsSinceMs),
    scaleDowns: newerThan(memory.scaleDowns, eventsSinceMs),
  }
  if (stable > current) {
    const limit = scaleUpLimit(current, memory, behavior, nowMs)
    return capped(stable, desired, maxReplicas, limit, remembered)
  }
  if (stable < current) {
    const limit = scaleDownLimit(current, memory, behavior, nowMs)
    return floored(stable, desired, minReplicas, limit, remembered)
  }
  return { replicas: stable, memory: remembered, limitedBy: stabilised(stable, desired) }
}

/** `current`, moved only as far as every recommendation of both windows would have it moved. */
function stabilise(past: readonly Recommendation[], input: BehaviorInput): number {
  const { current, desired, behavior, nowMs } = input
  const upSinceMs = nowMs - behavior.scaleUp.stabilizationWindowSeconds * 1000
  const downSinceMs = nowMs - behavior.scaleDown.stabilizationWindowSeconds * 1000
  let up = desired
  let down = desired
  for (let i = 0; i < past.length; i++) {
    const { atMs, replicas } = past[i]!
    if (atMs > upSinceMs && replicas < up) up = replicas
    if (atMs > downSinceMs && replicas > down) down = replicas
  }
  return Math.min(Math.max(current, up), down)
}

function stabilised(stable: number, desired: number): LimitedBy {
  return stable === desired ? 'none' : 'stabilization'
}

function capped(
  stable: number,
  desired: number,
  maxReplicas: number,
  limit: number,
  memory: HpaMemory,
): Normalized {
  const most = Math.min(maxReplicas, limit)
  if (stable <= most) return { replicas: stable, memory, limitedBy: stabilised(stable, desired) }
  return { replicas: most, memory, limitedBy: maxReplicas > limit ? 'rate-limit' : 'max-replicas' }
}

function floored(
  stable: number,
  desired: number,
  minReplicas: number,
  limit: number,
  memory: HpaMemory,
): Normalized {
  const least = Math.max(minReplicas, limit)
  if (stable >= least) return { replicas: stable, memory, limitedBy: stabilised(stable, desired) }
  return { replicas: least, memory, limitedBy: minReplicas < limit ? 'rate-limit' : 'min-replicas' }
}

/** Without `spec.behavior`: the safest wish of 300 s against decreases; at most double, or 4, on the way up. */
export function normalize(
  input: NormalizeInput & { readonly downscaleStabilizationMs?: number },
): Normalized {
  const { current, desired, minReplicas, maxReplicas, memory, nowMs } = input
  if (current > maxReplicas) return { replicas: maxReplicas, memory, limitedBy: 'max-replicas' }
  if (current < minReplicas) return { replicas: minReplicas, memory, limitedBy: 'min-replicas' }
  const windowMs = input.downscaleStabilizationMs ?? DOWNSCALE_STABILIZATION_MS
  const past = pastOf(memory, current, nowMs)
  let stable = desired
  // this window is closed at its old end, unlike those of spec.behavior
  for (const { atMs, replicas } of past)
    if (atMs >= nowMs - windowMs && replicas > stable) stable = replicas
  const recommendations = remember(past, nowMs - windowMs - 1, desired, nowMs)
  const remembered: HpaMemory = { ...memory, recommendations }
  const limit = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_LEAST)
  return stable < minReplicas
    ? { replicas: minReplicas, memory: remembered, limitedBy: 'min-replicas' }
    : capped(stable, desired, maxReplicas, limit, remembered)
}

/**
 * The most replicas that the scale-up rules allow now; never below `current`. Unlike upstream a percentage lets the first replica
 * start, or a service at zero would stay there for ever: the HorizontalPodAutoscaler is off at zero, and who wakes what it
 * scales (KEDA's activation) asks no scaling policy.
 */
export function scaleUpLimit(
  current: number,
  memory: HpaMemory,
  behavior: Behavior,
  nowMs: number,
): number {
  const rules = behavior.scaleUp
  if (rules.selectPolicy === 'Disabled') return current
  const least = rules.selectPolicy === 'Min'
  let limit = least ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  for (const { type, value, periodSeconds } of rules.policies) {
    const start = replicasAtStart(current, memory, nowMs - periodSeconds * 1000)
    // rounded up, or a small count could never grow
    const share = Math.ceil(start * (1 + value / 100))
    const proposed = type === 'Pods' ? start + value : Math.max(1, share)
    limit = least ? Math.min(limit, proposed) : Math.max(limit, proposed)
  }
  return Math.max(current, limit)
}

/** The fewest replicas that the scale-down rules allow now; never above `current`, never below 0. */
export function scaleDownLimit(
  current: number,
  memory: HpaMemory,
  behavior: Behavior,
  nowMs: number,
): number {
  const rules = behavior.scaleDown
  if (rules.selectPolicy === 'Disabled') return current
  const least = rules.selectPolicy === 'Min'
  let limit = least ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  for (const { type, value, periodSeconds } of rules.policies) {
    const start = replicasAtStart(current, memory, nowMs - periodSeconds * 1000)
    const proposed = type === 'Pods' ? start - value : Math.trunc(start * (1 - value / 100))
    limit = least ? Math.max(limit, proposed) : Math.min(limit, proposed)
  }
  return Math.max(0, Math.min(current, limit))
}

/** Remembers that the count was changed; the same object when it was not. */
export function recordScaleEvent(
  memory: HpaMemory,
  from: number,
  to: number,
  nowMs: number,
  behavior: Behavior,
): HpaMemory {
  if (from === to) return memory
  const sinceMs = nowMs - longestPeriodMs(behavior)
  const scaleUps = newerThan(memory.scaleUps, sinceMs)
  const scaleDowns = newerThan(memory.scaleDowns, sinceMs)
  const { recommendations } = memory
  return to > from
    ? { recommendations, scaleUps: [...scaleUps, { atMs: nowMs, change: to - from }], scaleDowns }
    : { recommendations, scaleUps, scaleDowns: [...scaleDowns, { atMs: nowMs, change: from - to }] }
}

function replicasAtStart(current: number, memory: HpaMemory, sinceMs: number): number {
  return current - changeSince(memory.scaleUps, sinceMs) + changeSince(memory.scaleDowns, sinceMs)
}

function changeSince(events: readonly ScaleEvent[], sinceMs: number): number {
  let change = 0
  for (let i = 0; i < events.length; i++) if (events[i]!.atMs > sinceMs) change += events[i]!.change
  return change
}

function pastOf(memory: HpaMemory, current: number, nowMs: number): readonly Recommendation[] {
  const { recommendations } = memory
  return recommendations.length > 0 ? recommendations : [{ atMs: nowMs, replicas: current }]
}

/**
 * The past newer than `sinceMs` and this wish. A repeated wish takes the place of the last one: the newer says the
 * same for longer, so that a quiet service remembers one entry and not a window full.
 */
function remember(
  past: readonly Recommendation[],
  sinceMs: number,
  replicas: number,
  atMs: number,
): readonly Recommendation[] {
  const kept: Recommendation[] = []
  const newest = past.length - 1
  for (let i = 0; i <= newest; i++) {
    const entry = past[i]!
    if (entry.atMs > sinceMs && !(i === newest && entry.replicas === replicas)) kept.push(entry)
  }
  kept.push({ atMs, replicas })
  return kept
}

function newerThan(events: readonly ScaleEvent[], sinceMs: number): readonly ScaleEvent[] {
  for (let i = 0; i < events.length; i++) {
    if (events[i]!.atMs <= sinceMs) return events.filter((event) => event.atMs > sinceMs)
  }
  return events
}

function longestWindowMs({ scaleUp, scaleDown }: Behavior): number {
  return Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds) * 1000
}

function longestPeriodMs(behavior: Behavior): number {
  return (
    Math.max(longestPeriodSeconds(behavior.scaleUp), longestPeriodSeconds(behavior.scaleDown)) *
    1000
  )
}

function longestPeriodSeconds({ policies }: Rules): number {
  let longest = 0
  for (let i = 0; i < policies.length; i++) longest = Math.max(longest, policies[i]!.periodSeconds)
  return longest
}
