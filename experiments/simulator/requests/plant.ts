/**
 * The request simulator: every request, one event after the other. Exact in what it simulates, hence the measure for the
 * fluid one, for queueing theory and against the real shop; README.md of the folder above says what it rests on.
 */
import { callGraph } from '../call-graph.ts'
import { createCluster } from '../nodes/cluster.ts'
import type { CreatePlant, Measured } from '../plant.ts'
import { firstReplicas } from '../scenario.ts'
import { draw } from './chance.ts'
import {
  CRASH,
  DRAIN_END,
  EVICTION,
  firstMs,
  kindOf,
  postponeEvent,
  pushEvent,
  QUEUE_TIMEOUT,
  READY,
  RETRY,
  SERVED,
  subjectOf,
  TIMEOUT,
  takeEvent,
} from './events.ts'
import { clearLatencies, latencyQuantile } from './latencies.ts'
import { countsOf, onCrash, onDrainEnd, onEviction, onReady, order } from './orders.ts'
import { startReady } from './pool.ts'
import { arrive, onQueueTimeout, onRetry, onServed, onTimeout } from './requests.ts'
import { createWorld, FREE, type Service, type World } from './world.ts'

export const createRequestPlant: CreatePlant = (scenario, options) => {
  const { services, nodes, tickMs } = scenario
  const cluster = nodes && createCluster({ nodes, services, random: options.random('nodes') })
  const world = createWorld(scenario, options, { calls: callGraph(services).callees, cluster })
  for (const service of world.services) {
    const initial = options.initial?.[service.index] ?? firstReplicas(service.simulated)
    service.requested = initial
    startReady(world, service, initial)
    pushEvent(world.arrivals, draw(service.arrivalsMs), 0, service.index, 0)
  }
  let tick = 0
  return {
    replicas: () => world.services.map(countsOf),
    advance(requested) {
      world.services.forEach((service, i) => {
        order(world, service, checked(requested[i], service))
      })
      runUntil(world, ++tick * tickMs)
      return close(world)
    },
  }
}

function checked(requested: number | undefined, { simulated }: Service): number {
  if (requested !== undefined && Number.isInteger(requested) && requested >= 0) return requested
  throw new RangeError(
    `replicas asked of service ${simulated.name}: ${requested}, must be a whole number of at least 0`,
  )
}

/** All that happens up to `endMs`, its own instant included. */
function runUntil(world: World, endMs: number): void {
  const { arrivals, events, services } = world
  for (;;) {
    const arrivalMs = arrivals.times[0]!
    const eventMs = firstMs(events)
    const atMs = arrivalMs < eventMs ? arrivalMs : eventMs
    if (atMs > endMs) break
    world.nowMs = atMs
    if (arrivalMs < eventMs) {
      const service = services[subjectOf(arrivals.codes[0]!)]!
      postponeEvent(arrivals, draw(service.arrivalsMs))
      arrive(world, service)
    } else {
      const code = events.codes[0]!
      const stamp = events.stamps[0]!
      takeEvent(events)
      const kind = kindOf(code)
      const subject = subjectOf(code)
      if (kind === SERVED) onServed(world, subject, stamp)
      else happen(world, kind, subject, stamp)
    }
  }
  world.nowMs = endMs
}

function happen(world: World, kind: number, subject: number, stamp: number): void {
  if (kind === TIMEOUT) onTimeout(world, subject, stamp)
  else if (kind === RETRY) onRetry(world, subject, stamp)
  else if (kind === QUEUE_TIMEOUT) onQueueTimeout(world, subject)
  else if (kind === READY) onReady(world, subject)
  else if (kind === CRASH) onCrash(world, subject)
  else if (kind === DRAIN_END) onDrainEnd(world, subject)
  else if (kind === EVICTION) onEviction(world)
}

/** The interval is over: its figures, and a clean sheet for the next. */
function close(world: World): Measured[] {
  noteViolations(world)
  const costs = world.cluster?.bill(world.nowMs)
  const measured = world.services.map((service, i) => measure(world, service, costs?.[i]))
  for (const { sums } of world.services) {
    clearLatencies(sums.latencies)
    sums.arrivals = 0
    sums.violations = 0
    sums.failures = 0
    sums.latencySeconds = 0
    sums.busyMs = 0
    sums.readyMs = 0
    sums.paidMs = 0
  }
  world.sinceMs = world.nowMs
  return measured
}

/** Who has waited for longer than the SLO allows violates it, whatever the answer will be. */
function noteViolations({ requests, services, nowMs }: World): void {
  const { stage, violated, abandoned, bornMs } = requests
  for (let row = 0; row < requests.used; row++) {
    if (stage[row] === FREE || violated[row] === 1 || abandoned[row] === 1) continue
    const service = services[requests.service[row]!]!
    if (nowMs - bornMs[row]! <= service.sloMs) continue
    violated[row] = 1
    service.sums.violations++
  }
}

function measure(world: World, service: Service, cost: number | undefined): Measured {
  const { sums, busy, readyCount, starting, terminating, concurrency, simulated } = service
  const passedMs = world.nowMs - world.sinceMs
  const busyMs = sums.busyMs + busy * passedMs
  const readyMs = sums.readyMs + readyCount * passedMs
  const paid = readyCount + starting.length + terminating
  const replicaSeconds = Math.max(0, sums.paidMs + paid * passedMs) / 1000
  const answered = sums.latencies.total
  // sums of many differences: a hair outside of what they can be
  const utilization = Math.min(1, Math.max(0, busyMs / (readyMs * concurrency)))
  return {
    arrivals: sums.arrivals,
    violations: sums.violations,
    failures: sums.failures,
    queued: service.queued,
    inService: service.inService,
    replicas: countsOf(service),
    utilization: readyMs > 1e-6 ? utilization : Number.NaN,
    latencyMeanSeconds: answered > 0 ? sums.latencySeconds / answered : Number.NaN,
    latencyP95Seconds: latencyQuantile(sums.latencies, 0.95),
    replicaSeconds,
    cost: cost ?? (replicaSeconds / 3600) * simulated.spec.pricePerReplicaHour,
  }
}
