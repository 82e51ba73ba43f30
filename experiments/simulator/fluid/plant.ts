/**
 * The fast simulator: requests flow. Violations and failures are expected values and so fractions of requests; replicas
 * are whole, and chance enters by their start-up times and crashes alone. README.md here says what it rests on.
 */

import { type CallGraph, callGraph } from '../call-graph.ts'
import { type Cluster, createCluster } from '../nodes/cluster.ts'
import type { CreatePlant, Measured, Plant, PlantOptions } from '../plant.ts'
import { firstReplicas, type SimulatedService } from '../scenario.ts'
import { createFlow, type Flow, setReplicas } from './flow.ts'
import { flowOn } from './pace.ts'
import {
  ask,
  countsOf,
  createPool,
  happen,
  isQuiet,
  isSettled,
  lose,
  nextEventMs,
  type Pool,
  passTime,
} from './pool.ts'
import { responseP95 } from './response-quantile.ts'
import { clearSums } from './sums.ts'

/** Where services call one another, they take turns this often. */
const TURN_SECONDS = 0.25

interface Simulated {
  readonly flow: Flow
  readonly pool: Pool
  /** Since the interval began. */
  replicaSeconds: number
  /** Requests that crashed or were cut off with their replicas. */
  lost: number
  /** Since the start of the run: arrivals that were no violation, and violations that were no failure. */
  good: number
  late: number
}

export const createFluidPlant: CreatePlant = (scenario, options) => {
  const { services, stepMs, tickMs } = scenario
  const graph = callGraph(services)
  const { nodes } = scenario
  const cluster = nodes && createCluster({ nodes, services, random: options.random('nodes') })
  const all = services.map((service, i) => simulated(service, i, cluster, options))
  const turns = graph.hasCalls ? Math.max(1, Math.ceil(tickMs / 1000 / TURN_SECONDS)) : 1
  let nowMs = 0

  const takeTurn = (step: number, fromMs: number, toMs: number): void => {
    for (const i of graph.order) {
      const outside = services[i]!.load[step] ?? 0
      const called = graph.hasCalls ? calledRps(graph, all, i) : 0
      advanceService(all[i]!, outside + called, fromMs, toMs)
    }
    if (graph.hasCalls) for (const i of graph.order) hearCallees(graph, all, i)
  }

  const plant: Plant = {
    replicas: () => all.map(({ pool }) => countsOf(pool)),
    advance(requested) {
      if (cluster !== undefined) evict(cluster, all, nowMs)
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
      const costs = cluster?.bill(nowMs)
      return all.map((one, i) => measure(one, costs?.[i]))
    },
  }
  return plant
}

function simulated(
  service: SimulatedService,
  index: number,
  cluster: Cluster | undefined,
  options: PlantOptions,
): Simulated {
  const initial = options.initial?.[index] ?? firstReplicas(service)
  const random = options.random(`replicas ${service.name}`)
  const pool = createPool(service, { index, initial, cluster, random })
  const flow = createFlow(service)
  setReplicas(flow, pool.ready.length)
  return { flow, pool, replicaSeconds: 0, lost: 0, good: 0, late: 0 }
}

function begin(one: Simulated, requested: number | undefined, nowMs: number): void {
  const { flow, pool } = one
  if (requested === undefined || !Number.isInteger(requested) || requested < 0)
    throw new RangeError(
      `replicas asked of service ${flow.service.name}: ${requested}, must be a whole number of at least 0`,
    )
  clearSums(flow.sums)
  one.replicaSeconds = 0
  const before = pool.ready.length
  if (isSettled(pool, requested)) return
  const { seconds, unserved } = drain(flow, before)
  const going = ask(pool, requested, nowMs, nowMs + seconds * 1000)
  if (going === 0) return
  // they take the requests with them that they have, and answer what they can
  const share = going / before
  one.lost += flow.inSystem * share * unserved
  flow.inSystem *= 1 - share
  flow.backlog *= 1 - share
  setReplicas(flow, pool.ready.length)
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
  if (isQuiet(pool)) {
    one.replicaSeconds += (pool.ready.length * (toMs - fromMs)) / 1000
    flowOn(flow, offered, (toMs - fromMs) / 1000)
    return
  }
  let nowMs = fromMs
  while (nowMs < toMs) {
    const nextMs = Math.min(toMs, Math.max(nowMs, nextEventMs(pool, nowMs)))
    if (nextMs > nowMs) {
      one.replicaSeconds += passTime(pool, nowMs, nextMs)
      flowOn(flow, offered, (nextMs - nowMs) / 1000)
    }
    const before = pool.ready.length
    const crashed = happen(pool, nextMs)
    if (crashed > 0) loseRequests(one, crashed / Math.max(1, before))
    if (pool.ready.length !== before || crashed > 0) setReplicas(flow, pool.ready.length)
    nowMs = nextMs
  }
}

/** A share of the replicas is gone with the requests that it had. */
function loseRequests(one: Simulated, share: number): void {
  const { flow } = one
  one.lost += flow.inSystem * share
  flow.inSystem *= 1 - share
  flow.backlog *= 1 - share
}

/** Nodes are taken away at the ends of intervals. */
function evict(cluster: Cluster, all: readonly Simulated[], nowMs: number): void {
  if (cluster.nextEvictionMs() > nowMs) return
  const gone = new Set(cluster.evict(nowMs))
  for (const one of all) {
    const before = one.pool.ready.length
    const lost = lose(one.pool, gone, nowMs)
    if (lost === 0) continue
    loseRequests(one, lost / before)
    setReplicas(one.flow, one.pool.ready.length)
  }
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

function measure(one: Simulated, nodesCost: number | undefined): Measured {
  const { flow, pool, replicaSeconds, lost } = one
  one.lost = 0
  const { sums, service } = flow
  const places = flow.table?.shape.allPlaces ?? 0
  const room = (service.serving.queueLimit * places) / service.serving.concurrency
  const inService = Math.min(
    flow.inSystem,
    Math.max(places * flow.utilization, flow.inSystem - room),
  )
  // of those that were lost some had been counted as late or failed when they came
  const violations = Math.min(sums.violations + lost, one.good + sums.arrivals)
  const failures = Math.min(sums.failures + lost, one.late + violations)
  // the sums are rounded, what stands is never below nothing
  one.good = Math.max(0, one.good + sums.arrivals - violations)
  one.late = Math.max(0, one.late + violations - failures)
  return {
    arrivals: sums.arrivals,
    violations,
    failures,
    queued: flow.inSystem - inService,
    inService,
    replicas: countsOf(pool),
    utilization: sums.readySeconds > 0 ? sums.busySeconds / sums.readySeconds : Number.NaN,
    latencyMeanSeconds: sums.served > 0 ? sums.latencySeconds / sums.served : Number.NaN,
    latencyP95Seconds: responseP95(sums),
    replicaSeconds,
    cost: nodesCost ?? (replicaSeconds / 3600) * service.spec.pricePerReplicaHour,
  }
}
