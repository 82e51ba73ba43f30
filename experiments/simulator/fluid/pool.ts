/**
 * The replicas of one service: asked for, starting, ready, told to go. Whole ones; chance decides start-up times (where
 * they spread) and crashes.
 */
import type { ReplicaCounts } from '../../../agents/observation.ts'
import type { SimulatedService } from '../scenario.ts'

export interface Pool {
  readonly service: SimulatedService
  requested: number
  ready: number
  /** When the starting ones will be ready, ms since the start of the run, ascending. */
  readonly starting: number[]
  /** When the ones told to go will be gone. */
  readonly terminating: number[]
  /** Replica-hours until the next crash. */
  hoursToCrash: number
  readonly random: () => number
  counts: ReplicaCounts
}

export function createPool(service: SimulatedService, initial: number, random: () => number): Pool {
  const crashes = service.serving.crashesPerReplicaHour
  return {
    service,
    requested: initial,
    ready: initial,
    starting: [],
    terminating: [],
    hoursToCrash: crashes > 0 ? exponential(random) / crashes : Number.POSITIVE_INFINITY,
    random,
    counts: { requested: initial, ready: initial, starting: 0, terminating: 0 },
  }
}

/**
 * `requested` replicas are asked for. Too many: those that are starting go first, the youngest first, then ready ones,
 * gone at `goneAtMs`. Returns how many ready ones were told to go.
 */
export function ask(pool: Pool, requested: number, nowMs: number, goneAtMs: number): number {
  pool.requested = requested
  let missing = requested - pool.ready - pool.starting.length
  for (; missing > 0; missing--) start(pool, nowMs)
  for (; missing < 0 && pool.starting.length > 0; missing++) pool.starting.pop()
  for (let going = missing; going < 0; going++) pool.terminating.push(goneAtMs)
  pool.ready += missing
  return -missing
}

function start({ service, starting, random }: Pool, nowMs: number): void {
  const { startupCv } = service.serving
  const seconds = service.spec.startupSeconds * (startupCv > 0 ? lognormal(startupCv, random) : 1)
  const readyAtMs = nowMs + seconds * 1000
  let at = starting.length
  while (at > 0 && starting[at - 1]! > readyAtMs) at--
  starting.splice(at, 0, readyAtMs)
}

/** When the next replica becomes ready or crashes; infinite when nothing will happen. */
export function nextEventMs({ starting, hoursToCrash, ready }: Pool, nowMs: number): number {
  const readyAtMs = starting.length > 0 ? starting[0]! : Number.POSITIVE_INFINITY
  const crashAtMs =
    ready > 0 ? nowMs + (hoursToCrash / ready) * 3_600_000 : Number.POSITIVE_INFINITY
  return Math.min(readyAtMs, crashAtMs)
}

/** Time passes, up to the next event at most; returns the replica-seconds that are paid for. */
export function passTime(pool: Pool, fromMs: number, toMs: number): number {
  const { terminating } = pool
  pool.hoursToCrash -= (pool.ready * (toMs - fromMs)) / 3_600_000
  let paidMs = (pool.ready + pool.starting.length) * (toMs - fromMs)
  for (let i = terminating.length - 1; i >= 0; i--) {
    paidMs += Math.min(toMs, terminating[i]!) - fromMs
    if (terminating[i]! <= toMs) terminating.splice(i, 1)
  }
  return paidMs / 1000
}

/** What happens at `nowMs`: replicas become ready; returns how many crashed, which start anew. */
export function happen(pool: Pool, nowMs: number): number {
  const { starting, random, service } = pool
  while (starting.length > 0 && starting[0]! <= nowMs) {
    starting.shift()
    pool.ready++
  }
  if (pool.hoursToCrash > 1e-12 || pool.ready === 0) return 0
  pool.hoursToCrash = exponential(random) / service.serving.crashesPerReplicaHour
  pool.ready--
  start(pool, nowMs)
  return 1
}

/** The counts as a value that is not written to later; the same one as long as nothing changed. */
export function countsOf(pool: Pool): ReplicaCounts {
  const { requested, ready, counts } = pool
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
