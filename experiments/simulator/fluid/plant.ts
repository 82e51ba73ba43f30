/**
 * The fast simulator: requests flow. Violations and failures are expected values and so fractions of requests; replicas
 * are whole, and chance enters by their start-up times and crashes alone. README.md here says what it rests on.
 */
import type { CreatePlant, Measured, Plant, PlantOptions } from '../plant.ts'
import type { SimulatedService } from '../scenario.ts'
import { type CallGraph, callGraph } from './call-graph.ts'
import { advanceFlow, clearSums, createFlow, type Flow, setReplicas } from './flow.ts'
import { ask, countsOf, createPool, happen, nextEventMs, type Pool, passTime } from './pool.ts'
import { responseQuantile } from './response-quantile.ts'

/** Where services call one another, they take turns this often. */
const TURN_SECONDS = 1

interface Simulated {
  readonly flow: Flow
  readonly pool: Pool
  /** Since the interval began. */
  replicaSeconds: number
  /** Requests that crashed or were cut off with their replicas. */
  lost: number
}

export const createFluidPlant: CreatePlant = (scenario, options) => {
  const { services, stepMs, tickMs } = scenario
  const graph = callGraph(services)
  const all = services.map((service, i) => simulated(service, i, options))
  const turns = graph.hasCalls ? Math.max(1, Math.ceil(tickMs / 1000 / TURN_SECONDS)) : 1
  let nowMs = 0

  const takeTurn = (step: number, fromMs: number, toMs: number): void => {
    for (const i of graph.order) {
      const outside = services[i]!.load[step] ?? 0
      advanceService(all[i]!, outside + calledRps(graph, all, i), fromMs, toMs)
    }
    for (const i of graph.order) hearCallees(graph, all, i)
  }

  const plant: Plant = {
    replicas: () => all.map(({ pool }) => countsOf(pool)),
    advance(requested) {
      for (let i = 0; i < all.length; i++) begin(all[i]!, requested[i], nowMs)
      const step = Math.floor(nowMs / stepMs)
      const turnMs = tickMs / turns
      for (let turn = 0; turn < turns; turn++)
        takeTurn(
          step,
          nowMs + turn * turnMs,
          turn === turns - 1 ? nowMs + tickMs : nowMs + (turn + 1) * turnMs,
        )
      nowMs += tickMs
      return all.map(measure)
    },
  }
  return plant
}

function simulated(
  service: SimulatedService,
  i: number,
  { initial, random }: PlantOptions,
): Simulated {
  const replicas = initial?.[i] ?? firstReplicas(service)
  const flow = createFlow(service)
  setReplicas(flow, replicas)
  const pool = createPool(service, replicas, random(`replicas ${service.name}`))
  return { flow, pool, replicaSeconds: 0, lost: 0 }
}

/** The least that carry the first load at the target utilization. */
export function firstReplicas({ spec, load }: Pick<SimulatedService, 'spec' | 'load'>): number {
  const { capacityPerReplica, targetUtilization, minReplicas, maxReplicas } = spec
  const needed = Math.ceil((load[0] ?? 0) / (capacityPerReplica * targetUtilization))
  return Math.max(minReplicas, Math.min(maxReplicas, needed))
}

function begin(one: Simulated, requested: number | undefined, nowMs: number): void {
  const { flow, pool } = one
  if (requested === undefined || !Number.isInteger(requested) || requested < 0)
    throw new RangeError(
      `replicas asked of service ${flow.service.name}: ${requested}, must be a whole number of at least 0`,
    )
  clearSums(flow.sums)
  one.replicaSeconds = 0
  one.lost = 0
  const before = pool.ready
  const { seconds, unserved } = drain(flow, before)
  const going = ask(pool, requested, nowMs, nowMs + seconds * 1000)
  if (going === 0) return
  // they take the requests with them that they have, and answer what they can
  const taken = (flow.inSystem * going) / before
  flow.inSystem -= taken
  flow.backlog -= (flow.backlog * going) / before
  one.lost += taken * unserved
  setReplicas(flow, pool.ready)
}

/** How long a replica told to go takes to be empty, and the share of its requests that it cannot answer in that time. */
function drain(flow: Flow, replicas: number): { seconds: number; unserved: number } {
  const { concurrency, drainSeconds } = flow.service.serving
  if (replicas === 0 || flow.inSystem === 0) return { seconds: 0, unserved: 0 }
  const each = flow.inSystem / replicas
  const inService = Math.min(each, concurrency)
  // the queue first, then the longest of those that are being served: residual time, and the maximum of exponentials
  const residual = (flow.serviceSeconds * (1 + flow.law.cv ** 2)) / 2
  const last = residual * Math.log1p(inService)
  const queue = ((each - inService) * flow.serviceSeconds) / concurrency
  const seconds = Math.min(drainSeconds, queue + last)
  const answered =
    inService + (Math.max(0, drainSeconds - last) * concurrency) / flow.serviceSeconds
  return { seconds, unserved: Math.max(0, 1 - answered / each) }
}

/** From event to event of its replicas. */
function advanceService(one: Simulated, offered: number, fromMs: number, toMs: number): void {
  const { flow, pool } = one
  let nowMs = fromMs
  while (nowMs < toMs) {
    const nextMs = Math.min(toMs, Math.max(nowMs, nextEventMs(pool, nowMs)))
    if (nextMs > nowMs) {
      one.replicaSeconds += passTime(pool, nowMs, nextMs)
      flowOn(flow, offered, (nextMs - nowMs) / 1000)
    }
    const before = pool.ready
    const crashed = happen(pool, nextMs)
    if (crashed > 0) {
      const share = crashed / Math.max(1, before)
      one.lost += flow.inSystem * share
      flow.inSystem *= 1 - share
      flow.backlog *= 1 - share
    }
    if (pool.ready !== before || crashed > 0) setReplicas(flow, pool.ready)
    nowMs = nextMs
  }
}

/** In one go where the queue is at rest at both ends; in small steps where backlog builds or drains. */
function flowOn(flow: Flow, offered: number, seconds: number): void {
  const rate = (flow.shape?.allPlaces ?? 0) / flow.serviceSeconds
  const isQuiet = flow.shape === undefined || (offered < 0.95 * rate && flow.backlog < 0.5)
  const steps = isQuiet ? 1 : Math.min(30, Math.max(2, Math.ceil(seconds)))
  for (let step = 0; step < steps; step++) advanceFlow(flow, offered, seconds / steps)
}

/** Requests/s that callers make of service i. */
function calledRps({ callers }: CallGraph, all: readonly Simulated[], i: number): number {
  let rps = 0
  for (const { from, perRequest } of callers[i]!) rps += all[from]!.flow.served * perRequest
  return rps
}

function hearCallees({ callees }: CallGraph, all: readonly Simulated[], i: number): void {
  const heard = all[i]!.flow.callees
  let mean = 0
  let variance = 0
  let answered = 1
  for (const { to, perRequest } of callees[i]!) {
    const { responseSeconds, responseVariance, failure } = all[to]!.flow
    mean += perRequest * responseSeconds
    variance += perRequest * responseVariance
    answered *= (1 - failure) ** perRequest
  }
  heard.meanSeconds = mean
  heard.varianceSeconds = variance
  heard.failure = 1 - answered
}

function measure({ flow, pool, replicaSeconds, lost }: Simulated): Measured {
  const { sums, service } = flow
  const inService = Math.min(flow.inSystem, (flow.shape?.allPlaces ?? 0) * flow.utilization)
  return {
    arrivals: sums.arrivals,
    violations: sums.violations + lost,
    failures: sums.failures + lost,
    queued: flow.inSystem - inService,
    inService,
    replicas: countsOf(pool),
    utilization: sums.readySeconds > 0 ? sums.busySeconds / sums.readySeconds : Number.NaN,
    latencyMeanSeconds: sums.served > 0 ? sums.latencySeconds / sums.served : Number.NaN,
    latencyP95Seconds: responseQuantile(sums, 0.95),
    replicaSeconds,
    cost: (replicaSeconds / 3600) * service.spec.pricePerReplicaHour,
  }
}
