/**
 * The replicas of one service: asked for, starting, ready, told to go, and the places on nodes that they hold. Whole ones;
 * chance decides start-up times (where they spread) and crashes.
 */
import type { ReplicaCounts } from '../../../agents/observation.ts'
import type { Cluster, Place } from '../nodes/cluster.ts'
import type { SimulatedService } from '../scenario.ts'

/** Ready or gone at `atMs` since the start of the run. */
interface Replica {
  atMs: number
  /** Undefined where nodes are not simulated, or as long as there is no room: then `atMs` is infinite. */
  place: Place | undefined
}

export interface Pool {
  readonly service: SimulatedService
  readonly index: number
  readonly cluster: Cluster | undefined
  requested: number
  readonly ready: Replica[]
  /** By when they will be ready. */
  readonly starting: Replica[]
  readonly terminating: Replica[]
  /** Replica-hours until the next crash. */
  hoursToCrash: number
  readonly random: () => number
  counts: ReplicaCounts
}

export interface PoolOptions {
  readonly index: number
  readonly initial: number
  readonly cluster: Cluster | undefined
  readonly random: () => number
}

export function createPool(
  service: SimulatedService,
  { index, initial, cluster, random }: PoolOptions,
): Pool {
  const crashes = service.serving.crashesPerReplicaHour
  const places = cluster?.place(index, initial, 0, true)
  const length = places?.length ?? initial
  return {
    service,
    index,
    cluster,
    requested: initial,
    ready: Array.from({ length }, (_, i) => ({ atMs: 0, place: places?.[i] })),
    starting: [],
    terminating: [],
    hoursToCrash: crashes > 0 ? exponential(random) / crashes : Number.POSITIVE_INFINITY,
    random,
    counts: { requested: initial, ready: length, starting: 0, terminating: 0 },
  }
}

/** As many are ready as are asked for, and were before. */
export function isSettled({ ready, starting, requested: before }: Pool, requested: number) {
  return requested === before && ready.length === requested && starting.length === 0
}

/**
 * `requested` replicas are asked for. Too many: those that are starting go first, then ready ones, gone at `goneAtMs`; of
 * both the youngest first. Returns how many ready ones were told to go.
 */
export function ask(pool: Pool, requested: number, nowMs: number, goneAtMs: number): number {
  pool.requested = requested
  const { ready, starting, terminating, cluster } = pool
  findRoom(pool, nowMs)
  const missing = requested - ready.length - starting.length
  if (missing > 0) order(pool, missing, nowMs)
  while (starting.length > 0 && ready.length + starting.length > requested) {
    const { place } = starting.pop()!
    if (place !== undefined) cluster?.release(place, nowMs)
  }
  const going = Math.max(0, ready.length - requested)
  if (going === 0) return 0
  for (const replica of ready.splice(ready.length - going)) {
    replica.atMs = goneAtMs
    terminating.push(replica)
  }
  return going
}

function order(pool: Pool, count: number, nowMs: number): void {
  const { cluster, index } = pool
  const places = cluster?.place(index, count, nowMs)
  for (let i = 0; i < count; i++) start(pool, nowMs, places?.[i])
}

/** For those that found none before. */
function findRoom(pool: Pool, nowMs: number): void {
  const { cluster, starting } = pool
  if (cluster === undefined) return
  while (starting.at(-1)?.atMs === Number.POSITIVE_INFINITY) {
    const [place] = cluster.place(pool.index, 1, nowMs)
    if (place === undefined) return
    starting.pop()
    start(pool, nowMs, place)
  }
}

function start(pool: Pool, nowMs: number, place: Place | undefined): void {
  const { service, starting, random, cluster } = pool
  const { startupCv } = service.serving
  const seconds = service.spec.startupSeconds * (startupCv > 0 ? lognormal(startupCv, random) : 1)
  const fromMs =
    cluster === undefined ? nowMs : Math.max(nowMs, place?.upAtMs ?? Number.POSITIVE_INFINITY)
  const atMs = fromMs + seconds * 1000
  let at = starting.length
  while (at > 0 && starting[at - 1]!.atMs > atMs) at--
  starting.splice(at, 0, { atMs, place })
}

/** Nothing happens to its replicas in that time, and none but ready ones are there. */
export function isQuiet({ starting, terminating, hoursToCrash }: Pool): boolean {
  return (
    starting.length === 0 && terminating.length === 0 && hoursToCrash === Number.POSITIVE_INFINITY
  )
}

/** When the next replica becomes ready or crashes; infinite when nothing will happen. */
export function nextEventMs({ starting, hoursToCrash, ready }: Pool, nowMs: number): number {
  const readyAtMs = starting[0]?.atMs ?? Number.POSITIVE_INFINITY
  if (hoursToCrash === Number.POSITIVE_INFINITY || ready.length === 0) return readyAtMs
  return Math.min(readyAtMs, nowMs + (hoursToCrash / ready.length) * 3_600_000)
}

/** Time passes, up to the next event at most; returns the replica-seconds that are paid for. */
export function passTime(pool: Pool, fromMs: number, toMs: number): number {
  const { ready, starting, terminating, cluster } = pool
  const ms = toMs - fromMs
  pool.hoursToCrash -= (ready.length * ms) / 3_600_000
  let paidMs = ready.length * ms
  for (const { atMs } of starting) if (atMs < Number.POSITIVE_INFINITY) paidMs += ms
  for (let i = terminating.length - 1; i >= 0; i--) {
    const { atMs, place } = terminating[i]!
    paidMs += Math.max(0, Math.min(toMs, atMs) - fromMs)
    if (atMs > toMs) continue
    terminating.splice(i, 1)
    if (place !== undefined) cluster?.release(place, fromMs)
  }
  return paidMs / 1000
}

/** What happens at `nowMs`: replicas become ready; returns how many crashed, which start anew where they are. */
export function happen(pool: Pool, nowMs: number): number {
  const { starting, ready, random, service } = pool
  while (starting.length > 0 && starting[0]!.atMs <= nowMs) ready.push(starting.shift()!)
  // less than a microsecond ahead: rounding must not put it off for ever
  if (pool.hoursToCrash > 3e-10 * Math.max(1, ready.length) || ready.length === 0) return 0
  pool.hoursToCrash = exponential(random) / service.serving.crashesPerReplicaHour
  const { place } = ready.splice(Math.floor(random() * ready.length), 1)[0]!
  start(pool, nowMs, place)
  return 1
}

/** The replicas that stood there are gone, and asked for again; returns how many of them were ready. */
export function lose(pool: Pool, gone: ReadonlySet<Place>, nowMs: number): number {
  const { ready, starting, terminating } = pool
  const before = ready.length
  for (const replicas of [ready, starting, terminating]) {
    for (let i = replicas.length - 1; i >= 0; i--) {
      const { place } = replicas[i]!
      if (place !== undefined && gone.has(place)) replicas.splice(i, 1)
    }
  }
  const missing = pool.requested - ready.length - starting.length
  if (missing > 0) order(pool, missing, nowMs)
  return before - ready.length
}

/** The counts as a value that is not written to later; the same one as long as nothing changed. */
export function countsOf(pool: Pool): ReplicaCounts {
  const { requested, counts } = pool
  const ready = pool.ready.length
  const starting = pool.starting.length
  const terminating = pool.terminating.length
  if (
    counts.requested !== requested ||
    counts.ready !== ready ||
    counts.starting !== starting ||
    counts.terminating !== terminating
  )
    pool.counts = { requested, ready, starting, terminating }
  return pool.counts
}

const exponential = (random: () => number): number => -Math.log(1 - random())

/** Of mean 1. Box and Muller (1958). */
function lognormal(cv: number, random: () => number): number {
  const sigma = Math.sqrt(Math.log(1 + cv * cv))
  const normal = Math.sqrt(2 * exponential(random)) * Math.cos(2 * Math.PI * random())
  return Math.exp(sigma * normal - (sigma * sigma) / 2)
}
