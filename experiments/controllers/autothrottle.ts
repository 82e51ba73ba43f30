/**
 * Autothrottle-like: Captains that hold each service at a throttle target, a Tower that learns which targets meet the
 * SLO of the whole application most cheaply.
 *
 * Source: Wang et al., "Autothrottle: A Practical Bi-Level Approach to Resource Management for SLO-Targeted
 * Microservices", NSDI 2024, §3, and microsoft/autothrottle. Adapted from CPU quotas to replicas: a limit is a number of
 * replicas, rounded up; a decision is a tick; "throttled" is the share of time in which all places are busy, by Erlang's
 * formula C from the measured utilization (all of it when none was idle), in tenths like upstream's ten periods; while
 * replicas start, a Captain waits for them. Services that call one another are one application with one Tower, split in
 * two groups by their usage; the SLO is the declared objective instead of a P99.
 */
import { z } from 'zod'
import { type Captain, createCaptain } from './captain.ts'
import type { ControllerKind, Known, Scraped } from './controller.ts'
import { erlangC } from './erlang.ts'
import { busyReplicas, historicLoad, inBounds, leastMeasured, ticksIn } from './per-service.ts'
import { createTower, TARGETS } from './tower.ts'

const Params = z.strictObject({
  /** Of the Tower: how often a neighbouring action is tried. */
  explore: z.number().min(0).max(1).default(0.1),
  towerSeconds: z.number().positive().default(60),
  /** Violations that the Tower accepts, as a multiple of those that the SLO's objective allows. */
  allowance: z.number().positive().default(1),
  /** A throttle target for every Captain instead of the Tower's. */
  fixedTarget: z.number().min(0).max(1).nullable().default(null),
  usageSamples: z.int().min(2).default(50),
  firstMargin: z.number().min(0).default(3),
})
type Params = z.infer<typeof Params>

export const autothrottle: ControllerKind<Params> = {
  kind: 'autothrottle',
  source: 'Wang et al., Autothrottle, NSDI 2024, §3 (adapted from CPU quotas to replicas)',
  params: Params,
  sweep: () => [
    ...[800, 200, 50, 10].flatMap((usageSamples) =>
      [0, 0.02, 0.06, 0.15, 0.3].map((fixedTarget) => Params.parse({ fixedTarget, usageSamples })),
    ),
    ...[24, 12, 6].map((firstMargin) =>
      Params.parse({ fixedTarget: 0, usageSamples: 800, firstMargin }),
    ),
    ...[0.03, 0.1, 0.3, 1, 3, 10].flatMap((allowance) =>
      [0.1, 0].map((explore) => Params.parse({ allowance, explore })),
    ),
  ],
  create: (known, params, random) => {
    const applications = applicationsOf(known).map((members) =>
      createApplication(known, members, params, random),
    )
    return {
      decide(_, scraped) {
        const counts = Int32Array.from(scraped, ({ replicas }) => replicas.requested)
        for (const application of applications) application(scraped, counts)
        return counts
      },
    }
  },
}

/** Services that calls connect, as lists of places in the scenario's order. */
export function applicationsOf({ services }: Known): number[][] {
  const label = services.map((_, i) => i)
  const merge = (a: number, b: number): void => {
    const [from, to] = [label[a]!, label[b]!]
    label.forEach((value, i) => {
      if (value === from) label[i] = to
    })
  }
  services.forEach(({ serving }, i) => {
    for (const call of serving.calls) {
      const callee = services.findIndex(({ name }) => name === call.service)
      if (callee >= 0) merge(i, callee)
    }
  })
  return [...new Set(label)].map((value) =>
    label.flatMap((other, i) => (other === value ? [i] : [])),
  )
}

/** Decides for the services `members` of one application, in `counts`. */
function createApplication(
  known: Known,
  members: readonly number[],
  params: Params,
  random: () => number,
): (scraped: readonly Scraped[], counts: Int32Array) => void {
  const groups = groupsOf(known, members)
  const towerTicks = ticksIn(params.towerSeconds, known.tickMs)
  const tower = createTower(Math.max(...groups) + 1, params.explore, random)
  const feedback = createFeedback(known, members, params.allowance)
  const captains = members.map((i) => createScaler(known, i, params))
  let targets = groups.map(() => params.fixedTarget ?? 0)
  let tick = 0
  return (scraped, counts) => {
    feedback.note(scraped)
    if (params.fixedTarget === null && tick++ % towerTicks === 0) {
      const { loadRps, outcome } = feedback.take()
      if (Number.isFinite(loadRps)) {
        const actions = tower.decide(loadRps, outcome)
        targets = groups.map((group) => TARGETS[actions[group]!]!)
      }
    }
    members.forEach((service, k) => {
      counts[service] = captains[k]!(scraped[service]!, targets[k]!)
    })
  }
}

/** 0 or 1 for each member: the split by mean usage with the least spread inside (two means in one dimension). */
function groupsOf(known: Known, members: readonly number[]): number[] {
  if (members.length < 2) return members.map(() => 0)
  const histories = historicLoad(known)
  const usage = members.map((i) => busyReplicas(meanOf(histories[i]!), known.services[i]!))
  const sorted = [...usage].sort((a, b) => a - b)
  let bound = sorted.at(-1)!
  let least = Number.POSITIVE_INFINITY
  for (let k = 1; k < sorted.length; k++) {
    const spread = spreadOf(sorted.slice(0, k)) + spreadOf(sorted.slice(k))
    if (spread < least) {
      least = spread
      bound = sorted[k]!
    }
  }
  return usage.map((value) => (value >= bound ? 1 : 0))
}

const meanOf = (values: ArrayLike<number>): number =>
  values.length === 0
    ? 0
    : Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

function spreadOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}

interface Feedback {
  note(scraped: readonly Scraped[]): void
  /** Of the time since the last call; NaN load and no outcome without data. */
  take(): {
    readonly loadRps: number
    readonly outcome: { missed: number; allocation: number } | undefined
  }
}

/** Load, miss of the SLO and cost of an application over one period of its Tower. */
function createFeedback(known: Known, members: readonly number[], allowance: number): Feedback {
  const called = new Set(
    known.services.flatMap(({ serving }) => serving.calls.map((c) => c.service)),
  )
  const outer = members.filter((i) => !called.has(known.services[i]!.name))
  // a circle of calls has no outermost service
  const entries = outer.length > 0 ? outer : members
  let load = 0
  let excess = 0
  let cost = 0
  let samples = 0
  let outcomes = 0
  return {
    note(scraped) {
      const loads = entries.map((i) => scraped[i]!.loadRps)
      if (loads.some((value) => !Number.isFinite(value))) return
      load += loads.reduce((sum, value) => sum + value, 0)
      samples++
      if (entries.some((i) => !Number.isFinite(scraped[i]!.violationRatio))) return
      for (const [k, i] of entries.entries()) {
        const { objective } = known.services[i]!.spec.slo
        excess += loads[k]! * (scraped[i]!.violationRatio - allowance * (1 - objective))
      }
      for (const i of members) {
        const { ready, starting } = scraped[i]!.replicas
        cost += (ready + starting) * known.services[i]!.spec.pricePerReplicaHour
      }
      outcomes++
    },
    take() {
      const loadRps = load / samples
      const outcome =
        outcomes > 0
          ? { missed: load > 0 ? excess / load : 0, allocation: cost / outcomes }
          : undefined
      load = 0
      excess = 0
      cost = 0
      samples = 0
      outcomes = 0
      return { loadRps, outcome }
    },
  }
}

/** A Captain with its service: the count for a throttle target. */
function createScaler(
  known: Known,
  index: number,
  params: Params,
): (scraped: Scraped, target: number) => number {
  const service = known.services[index]!
  const { serving } = service
  const bounds = {
    minReplicas: leastMeasured(service),
    maxReplicas: service.spec.maxReplicas,
  }
  let captain: Captain | undefined
  let newestMs = Number.NEGATIVE_INFINITY
  let limit = 0
  return ({ replicas, utilization, measuredAtMs }, target) => {
    const { requested, ready, starting } = replicas
    if (captain === undefined) {
      limit = Math.max(1, requested)
      captain = createCaptain({ limit, margin: params.firstMargin, samples: params.usageSamples })
    }
    const isNew = Number.isFinite(utilization) && measuredAtMs > newestMs
    if (!isNew || starting > 0) return inBounds(requested, bounds)
    newestMs = measuredAtMs
    const places = Math.max(1, ready * serving.concurrency)
    limit = captain.step(utilization * ready, throttledShare(places, utilization), target, bounds)
    return inBounds(limit, bounds)
  }
}

/** Share of time in which all places are busy, in tenths. */
export function throttledShare(places: number, utilization: number): number {
  return Math.round(erlangC(places, Math.min(1, utilization) * places) * 10) / 10
}
