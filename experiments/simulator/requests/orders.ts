/** What is ordered of replicas, and what happens to them: they become ready, are told to go, crash, lose their node. */
import type { ReplicaCounts } from '../../../agents/observation.ts'
import { DRAIN_END, pushEvent } from './events.ts'
import { closeReplica, dropReplica, serveFromNow, startReplicas } from './pool.ts'
import { loseRequests } from './requests.ts'
import { DRAINING, GONE, IN_SERVICE, type Service, STARTING, type World } from './world.ts'

/**
 * `requested` replicas from now on. Too many: those that are starting go first, the youngest first, then ready ones, the
 * youngest first (as a Kubernetes ReplicaSet: controller_utils.go, ActivePodsWithRanks, 1.30).
 */
export function order(world: World, service: Service, requested: number): void {
  service.requested = requested
  const { starting } = service
  const missing = requested - service.readyCount - starting.length
  if (missing > 0) startReplicas(world, service, missing)
  for (let spare = -missing; spare > 0; spare--) {
    const newest = starting.at(-1)
    if (newest !== undefined) dropReplica(world, service, newest)
    else drain(world, service, youngestReady(service))
  }
}

function youngestReady({ ready, readyCount }: Service): number {
  let youngest = -1
  for (let at = 0; at < readyCount; at++) if (ready[at]! > youngest) youngest = ready[at]!
  return youngest
}

function drain(world: World, service: Service, replica: number): void {
  const { replicas, events, nowMs } = world
  closeReplica(world, service, replica)
  if (replicas.busy[replica] === 0) dropReplica(world, service, replica)
  else {
    const endMs = nowMs + service.simulated.serving.drainSeconds * 1000
    pushEvent(events, endMs, DRAIN_END, replica, 0)
  }
}

export function onReady(world: World, replica: number): void {
  const { replicas, services } = world
  if (replicas.phase[replica] !== STARTING) return
  const service = services[replicas.service[replica]!]!
  service.starting.splice(service.starting.indexOf(replica), 1)
  serveFromNow(world, service, replica)
}

/** Whatever is still on it fails. */
export function onDrainEnd(world: World, replica: number): void {
  if (world.replicas.phase[replica] === DRAINING) kill(world, replica)
}

/** One that was not told to go is replaced at once. */
export function onCrash(world: World, replica: number): void {
  const phase = world.replicas.phase[replica]!
  if (phase === GONE) return
  const service = kill(world, replica)
  if (phase === IN_SERVICE) startReplicas(world, service, 1)
}

export function onEviction(world: World): void {
  const { cluster, replicas, nowMs } = world
  const lost = new Set(cluster!.evict(nowMs))
  if (lost.size === 0) return
  for (let replica = 0; replica < replicas.count; replica++) {
    const place = replicas.places[replica]
    if (place === undefined || !lost.has(place)) continue
    const isWanted = replicas.phase[replica] !== DRAINING
    const service = kill(world, replica)
    if (isWanted) startReplicas(world, service, 1)
  }
}

function kill(world: World, replica: number): Service {
  const { replicas, services } = world
  const service = services[replicas.service[replica]!]!
  if (replicas.phase[replica] === IN_SERVICE) closeReplica(world, service, replica)
  const wasStarting = replicas.phase[replica] === STARTING
  dropReplica(world, service, replica)
  if (!wasStarting) loseRequests(world, service, replica)
  return service
}

export function countsOf({ requested, readyCount, starting, terminating }: Service): ReplicaCounts {
  return { requested, ready: readyCount, starting: starting.length, terminating }
}
