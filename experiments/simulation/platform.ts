/**
 * What is scaled: per service a requested count, which decision and which leader set it, a version that every write
 * changes, and pods that take their time to start and to go. Anybody may write; what fences a write is compared here.
 */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ObservedReplicas } from '../../services/actuators/actuator.ts'

export interface Target {
  readonly service: ServiceId
  requested: number
  /** Changes with every write, and with every new life of the target. */
  version: number
  lastDecisionId: string | undefined
  /** Greatest fencing token that wrote here. */
  token: number
  /** When each pod is ready. */
  pods: number[]
  /** When each pod that was let go is gone. */
  leaving: number[]
  recentStartupsMs: number[]
}

export interface Order {
  readonly service: ServiceId
  readonly decisionId: string
  /** What the decision was made on. */
  readonly from: number
  readonly to: number
  /** Refused unless this is the target's version; undefined: not compared. */
  readonly version: number | undefined
  /** Refused when a greater one wrote here; undefined: not compared. */
  readonly token: number | undefined
  /** Adds `to − from` instead of setting `to`: what no order of ours does, but a planted bug. */
  readonly by: number | undefined
}

export class Refused extends Error {
  override readonly name = 'Refused'
}

/** A change of what is requested. */
export interface Effect {
  readonly atMs: number
  readonly service: ServiceId
  readonly from: number
  readonly to: number
  /** undefined: not by a decision. */
  readonly decisionId: string | undefined
  readonly token: number | undefined
}

/** What is wrong with a target for now. */
export interface Ailments {
  /** Orders are refused, whatever they say. */
  refuses: boolean
  /** Pods that are asked for do not start. */
  neverReady: boolean
  /** Most pods that the platform gives. */
  quota: number
}

export interface Platform {
  targets(): readonly Target[]
  target(service: ServiceId): Target | undefined
  ailments(service: ServiceId): Ailments
  observe(): ReadonlyMap<ServiceId, ObservedReplicas & { readonly version: number }>
  /** From now on every target refuses smaller tokens. */
  announce(token: number): void
  /** Throws Refused. */
  order(order: Order): void
  /** Somebody else sets the count. */
  rival(service: ServiceId, to: number): void
  /** The target is deleted; a new one of that name begins with `replicas`. */
  recreate(service: ServiceId, replicas: number): void
  remove(service: ServiceId): void
  /** Pods that serve now. */
  ready(service: ServiceId): number
  /** Pods that cost money now: the requested ones, those that are there, and those that are going. */
  paidFor(service: ServiceId): number
}

export interface PlatformOptions {
  readonly services: readonly { readonly service: ServiceId; readonly replicas: number }[]
  readonly nowMs: () => number
  /** How long the next pod takes to start, and to go, ms. */
  readonly startupMs: (service: ServiceId) => number
  readonly drainMs: () => number
  readonly onEffect: (effect: Effect) => void
  /** A planted bug: an order that was carried out is carried out again. */
  readonly forgetsOrders: boolean
}

const STARTUPS_KEPT = 5

export function createPlatform(options: PlatformOptions): Platform {
  const { nowMs, onEffect, forgetsOrders } = options
  const targets = new Map<ServiceId, Target>()
  const ailments = new Map<ServiceId, Ailments>()
  const about = (service: ServiceId): Ailments => ailments.get(service)!
  for (const { service, replicas } of options.services) {
    ailments.set(service, { refuses: false, neverReady: false, quota: Number.POSITIVE_INFINITY })
    targets.set(service, newTarget(service, replicas, 1, nowMs()))
  }

  const settle = (target: Target) => settlePods(target, options, about(target.service))

  function write(target: Target, to: number, decisionId: string | undefined, token?: number): void {
    const from = target.requested
    target.requested = to
    target.version++
    target.lastDecisionId = decisionId
    if (token !== undefined) target.token = Math.max(target.token, token)
    settle(target)
    onEffect({ atMs: nowMs(), service: target.service, from, to, decisionId, token })
  }

  const known = (service: ServiceId): Target => {
    const target = targets.get(service)
    if (!target) throw new Refused(`there is no service ${service}`)
    settle(target)
    return target
  }

  return {
    targets: () => [...targets.values()],
    target: (service) => targets.get(service),
    ailments: about,
    observe() {
      const now = nowMs()
      const seen = new Map<ServiceId, ObservedReplicas & { readonly version: number }>()
      for (const target of targets.values()) {
        settle(target)
        const { service, requested, pods, leaving, lastDecisionId, version } = target
        const ready = pods.filter((readyMs) => readyMs <= now).length
        seen.set(service, {
          ...{ requested, ready, starting: pods.length - ready, terminating: leaving.length },
          ...{ recentStartupsMs: target.recentStartupsMs, lastDecisionId, version },
        })
      }
      return seen
    },
    announce(token) {
      for (const target of targets.values()) target.token = Math.max(target.token, token)
    },
    order({ service, decisionId, to, version, token, by }) {
      const target = known(service)
      if (target.lastDecisionId === decisionId && !forgetsOrders) return
      if (about(service).refuses) throw new Refused(`${service} takes no orders`)
      if (token !== undefined && token < target.token)
        throw new Refused(`token ${token} is older than ${target.token}`)
      if (version !== undefined && version !== target.version)
        throw new Refused(`${service} was changed by somebody else`)
      write(target, by === undefined ? to : Math.max(0, target.requested + by), decisionId, token)
    },
    rival(service, to) {
      write(known(service), to, undefined)
    },
    recreate(service, replicas) {
      const from = targets.get(service)?.requested ?? 0
      const version = (targets.get(service)?.version ?? 0) + 1
      targets.set(service, newTarget(service, replicas, version, nowMs()))
      onEffect({
        atMs: nowMs(),
        service,
        from,
        to: replicas,
        decisionId: undefined,
        token: undefined,
      })
    },
    remove(service) {
      targets.delete(service)
    },
    ready(service) {
      return targets.get(service)?.pods.filter((readyMs) => readyMs <= nowMs()).length ?? 0
    },
    paidFor(service) {
      const target = targets.get(service)
      if (!target) return 0
      settle(target)
      return Math.max(target.requested, target.pods.length) + target.leaving.length
    },
  }
}

type PodTimes = Pick<PlatformOptions, 'nowMs' | 'startupMs' | 'drainMs'>

/** Brings the pods up to now: what was let go is gone, what is asked for is there or on its way. */
function settlePods(
  target: Target,
  { nowMs, startupMs, drainMs }: PodTimes,
  ailments: Ailments,
): void {
  const now = nowMs()
  const { neverReady, quota } = ailments
  if (target.leaving.length > 0) target.leaving = target.leaving.filter((goneMs) => goneMs > now)
  const wanted = Math.min(target.requested, quota)
  while (target.pods.length < wanted) target.pods.push(Number.POSITIVE_INFINITY)
  if (!neverReady) startPods(target, now, startupMs)
  if (target.pods.length <= target.requested) return
  target.pods.sort((a, b) => a - b)
  for (const _ of target.pods.splice(target.requested)) target.leaving.push(now + drainMs())
}

/** Pods that have not begun to start do so now. */
function startPods(target: Target, now: number, startupMs: PodTimes['startupMs']): void {
  target.pods.forEach((readyMs, i) => {
    if (readyMs !== Number.POSITIVE_INFINITY) return
    const takesMs = startupMs(target.service)
    target.pods[i] = now + takesMs
    target.recentStartupsMs = [...target.recentStartupsMs, takesMs].slice(-STARTUPS_KEPT)
  })
}

function newTarget(service: ServiceId, replicas: number, version: number, now: number): Target {
  return {
    ...{ service, version, requested: replicas, lastDecisionId: undefined, token: 0 },
    ...{ pods: Array<number>(replicas).fill(now), leaving: [], recentStartupsMs: [] },
  }
}
