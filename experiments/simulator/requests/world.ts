/**
 * The state of the request simulator. Requests and replicas are rows of typed arrays, so that nothing is allocated while
 * requests come and go; services are few, and objects.
 */
import type { Cluster, Place } from '../nodes/cluster.ts'
import type { Over, PlantOptions } from '../plant.ts'
import type { Scenario, Serving, SimulatedService } from '../scenario.ts'
import { listedArrivals, poissonArrivals } from './arrivals.ts'
import { type Drawn, lognormals, serviceTimesMs } from './chance.ts'
import { createEvents, type Events } from './events.ts'
import { createLatencies, type Latencies } from './latencies.ts'

/** Stages of a request; a free row has none of them. */
export const FREE = 0
export const WAITING = 1
export const SERVING = 2
export const BACKING_OFF = 3

/** Phases of a replica. */
export const STARTING = 0
export const IN_SERVICE = 1
export const DRAINING = 2
export const GONE = 3

/**
 * A row is one try of a request; the next try takes the same row over. A try that its client gave up while it was being
 * served keeps its row and its place to the end (`abandoned`), and the request goes on in another.
 */
export interface Requests {
  /** Rows below it have been in use. */
  used: number
  free: number
  stage: Uint8Array
  abandoned: Uint8Array
  /** Its violation is counted already. */
  violated: Uint8Array
  tries: Uint8Array
  service: Int32Array
  replica: Int32Array
  /** Of the request that waits for this call, with its stamp; −1 from outside. */
  caller: Int32Array
  callerStamp: Int32Array
  /** Which of its calls it is at, and how many of those are still to be made. */
  call: Int32Array
  callsLeft: Int32Array
  /** Behind it in the queue; or the next free row. */
  next: Int32Array
  /** Changes when a try ends: events and calls that carry another are of the past. */
  stamp: Int32Array
  bornMs: Float64Array
  enteredMs: Float64Array
}

/** Rows are never used again. */
export interface Replicas {
  count: number
  phase: Uint8Array
  service: Int32Array
  busy: Int32Array
  waiting: Int32Array
  first: Int32Array
  last: Int32Array
  /** An event waits for the time-out of the first in its queue. */
  watched: Uint8Array
  /** Index in its service's `ready`. */
  position: Int32Array
  readonly places: (Place | undefined)[]
}

export interface Service {
  readonly index: number
  readonly simulated: SimulatedService
  readonly balancing: Serving['balancing']
  readonly concurrency: number
  readonly queueLimit: number
  readonly timeoutMs: number
  readonly sloMs: number
  readonly mostRetries: number
  readonly backoffMs: number
  readonly calls: readonly { readonly to: number; readonly perRequest: number }[]
  readonly servicesMs: Drawn
  readonly startupsMs: Drawn
  readonly arrivalsMs: Drawn
  readonly chanceOfReplicas: () => number
  readonly chanceOfBalancing: () => number
  readonly chanceOfCalls: () => number
  requested: number
  /** Ids, in an order that is balancing's business. */
  ready: Int32Array
  readyCount: number
  /** Index in `ready` from which on replicas have at least so many connections; of least-connections only. */
  fewest: Int32Array
  turn: number
  /** Ids, the oldest first. */
  readonly starting: number[]
  terminating: number
  /** On ready replicas. */
  busy: number
  /** On draining ones too. */
  inService: number
  queued: number
  readonly sums: Sums
}

/** Since the interval began. An integral over time gets −t at each beginning and +t at each end; `settle` closes it. */
export interface Sums {
  arrivals: number
  violations: number
  failures: number
  latencySeconds: number
  /** Of places of ready replicas; of ready replicas; of those that are paid for. */
  busyMs: number
  readyMs: number
  paidMs: number
  readonly latencies: Latencies
}

export interface World {
  nowMs: number
  /** Beginning of the interval. */
  sinceMs: number
  /** The next one from outside of each service, infinite after its last. */
  readonly arrivals: Events
  readonly events: Events
  readonly requests: Requests
  readonly replicas: Replicas
  readonly services: readonly Service[]
  readonly cluster: Cluster | undefined
  readonly onOver: ((over: Over) => void) | undefined
}

export function createWorld(
  scenario: Scenario,
  options: PlantOptions,
  parts: { readonly calls: readonly Service['calls'][]; readonly cluster: Cluster | undefined },
): World {
  return {
    nowMs: 0,
    sinceMs: 0,
    arrivals: createEvents(),
    events: createEvents(),
    requests: createRequests(256),
    replicas: createReplicas(64),
    services: scenario.services.map((service, i) =>
      createService(service, i, { scenario, options, calls: parts.calls[i]! }),
    ),
    cluster: parts.cluster,
    onOver: options.onOver,
  }
}

function createService(
  simulated: SimulatedService,
  index: number,
  {
    scenario,
    options: { random, arrivals },
    calls,
  }: { scenario: Scenario; options: PlantOptions; calls: Service['calls'] },
): Service {
  const { name, serving, spec, load } = simulated
  const listed = arrivals?.[index]
  return {
    ...{ index, simulated, calls },
    balancing: serving.balancing,
    concurrency: serving.concurrency,
    queueLimit: serving.queueLimit,
    timeoutMs: serving.timeoutSeconds * 1000,
    sloMs: spec.slo.latencySeconds * 1000,
    mostRetries: serving.retries.most,
    backoffMs: serving.retries.backoffSeconds * 1000,
    servicesMs: serviceTimesMs(serving.serviceTime, random(`service times ${name}`)),
    startupsMs: lognormals(
      spec.startupSeconds * 1000,
      spec.startupSeconds > 0 ? serving.startupCv : 0,
      random(`start-up ${name}`),
    ),
    arrivalsMs: listed
      ? listedArrivals(listed, name)
      : poissonArrivals(load, scenario.stepMs, random(`arrivals ${name}`)),
    chanceOfReplicas: random(`replicas ${name}`),
    chanceOfBalancing: random(`balancing ${name}`),
    chanceOfCalls: random(`calls ${name}`),
    requested: 0,
    ready: new Int32Array(16),
    readyCount: 0,
    fewest: new Int32Array(serving.concurrency + 2),
    turn: 0,
    starting: [],
    terminating: 0,
    busy: 0,
    inService: 0,
    queued: 0,
    sums: {
      ...{ arrivals: 0, violations: 0, failures: 0, latencySeconds: 0 },
      ...{ busyMs: 0, readyMs: 0, paidMs: 0 },
      latencies: createLatencies(),
    },
  }
}

function createRequests(room: number): Requests {
  return {
    ...{ used: 0, free: -1 },
    stage: new Uint8Array(room),
    abandoned: new Uint8Array(room),
    violated: new Uint8Array(room),
    tries: new Uint8Array(room),
    service: new Int32Array(room),
    replica: new Int32Array(room),
    caller: new Int32Array(room),
    callerStamp: new Int32Array(room),
    call: new Int32Array(room),
    callsLeft: new Int32Array(room),
    next: new Int32Array(room),
    stamp: new Int32Array(room),
    bornMs: new Float64Array(room),
    enteredMs: new Float64Array(room),
  }
}

function createReplicas(room: number): Replicas {
  return {
    count: 0,
    phase: new Uint8Array(room),
    service: new Int32Array(room),
    busy: new Int32Array(room),
    waiting: new Int32Array(room),
    first: new Int32Array(room),
    last: new Int32Array(room),
    watched: new Uint8Array(room),
    position: new Int32Array(room),
    places: [],
  }
}

/** A row that is not in use; its columns are for the caller to fill. */
export function takeRow(requests: Requests): number {
  const { free } = requests
  if (free >= 0) {
    requests.free = requests.next[free]!
    return free
  }
  if (requests.used === requests.stage.length) widen(requests, 2 * requests.used)
  return requests.used++
}

export function freeRow(requests: Requests, row: number): void {
  requests.stage[row] = FREE
  requests.stamp[row]!++
  requests.next[row] = requests.free
  requests.free = row
}

export function takeReplica(replicas: Replicas): number {
  if (replicas.count === replicas.phase.length) widen(replicas, 2 * replicas.count)
  return replicas.count++
}

/** Every column, whichever they are, with room for so many rows. */
function widen(table: Requests | Replicas, room: number): void {
  const columns = table as unknown as Record<string, unknown>
  for (const [name, column] of Object.entries(columns)) {
    if (column instanceof Uint8Array) columns[name] = longer(column, new Uint8Array(room))
    else if (column instanceof Int32Array) columns[name] = longer(column, new Int32Array(room))
    else if (column instanceof Float64Array) columns[name] = longer(column, new Float64Array(room))
  }
}

function longer<T extends Uint8Array | Int32Array | Float64Array>(old: T, wide: T): T {
  wide.set(old)
  return wide
}
