/** Replicas come and go: what both requests and orders need of it, without what becomes of the requests on them. */
import type { Place } from '../nodes/cluster.ts'
import { addReady, removeReady } from './balancing.ts'
import { draw, exponential } from './chance.ts'
import { CRASH, EVICTION, pushEvent, READY } from './events.ts'
import {
  DRAINING,
  GONE,
  IN_SERVICE,
  type Service,
  STARTING,
  takeReplica,
  type World,
} from './world.ts'

/**
 * Up to `count` replicas start, as many as there is room for; on nodes that are still to come up they begin to start then.
 * Those that do not fit are asked for again at the next decision.
 */
export function startReplicas(world: World, service: Service, count: number): void {
  const { cluster, nowMs } = world
  const places: readonly (Place | undefined)[] = cluster
    ? cluster.place(service.index, count, nowMs)
    : Array.from({ length: count }, () => undefined)
  for (const place of places) {
    const replica = createReplica(world, service, place)
    const upAtMs = Math.max(nowMs, place?.upAtMs ?? 0)
    service.starting.push(replica)
    pushEvent(world.events, upAtMs + draw(service.startupsMs), READY, replica, 0)
  }
  watchEvictions(world)
}

/** Replicas that are ready when the run begins. */
export function startReady(world: World, service: Service, count: number): void {
  const places = world.cluster?.place(service.index, count, world.nowMs, true)
  for (let i = 0; i < (places?.length ?? count); i++)
    serveFromNow(world, service, createReplica(world, service, places?.[i]))
  watchEvictions(world)
}

function createReplica(world: World, service: Service, place: Place | undefined): number {
  const replica = takeReplica(world.replicas)
  world.replicas.service[replica] = service.index
  world.replicas.phase[replica] = STARTING
  world.replicas.first[replica] = -1
  world.replicas.last[replica] = -1
  world.replicas.places[replica] = place
  service.sums.paidMs -= world.nowMs - world.sinceMs
  return replica
}

export function serveFromNow(world: World, service: Service, replica: number): void {
  world.replicas.phase[replica] = IN_SERVICE
  addReady(service, world.replicas, replica)
  service.sums.readyMs -= world.nowMs - world.sinceMs
  const { crashesPerReplicaHour } = service.simulated.serving
  if (crashesPerReplicaHour === 0) return
  const hours = exponential(service.chanceOfReplicas) / crashesPerReplicaHour
  pushEvent(world.events, world.nowMs + hours * 3_600_000, CRASH, replica, 0)
}

/** A ready replica gets no new requests. */
export function closeReplica(world: World, service: Service, replica: number): void {
  const passedMs = world.nowMs - world.sinceMs
  const busy = world.replicas.busy[replica]!
  removeReady(service, world.replicas, replica)
  world.replicas.phase[replica] = DRAINING
  service.terminating++
  service.sums.readyMs += passedMs
  service.sums.busyMs += busy * passedMs
  service.busy -= busy
}

/** A starting or a draining one; whatever is on it is the caller's business. */
export function dropReplica(world: World, service: Service, replica: number): void {
  const { replicas, cluster, nowMs } = world
  if (replicas.phase[replica] === STARTING) {
    service.starting.splice(service.starting.indexOf(replica), 1)
  } else service.terminating--
  replicas.phase[replica] = GONE
  service.sums.paidMs += nowMs - world.sinceMs
  const place = replicas.places[replica]
  if (place !== undefined) cluster!.release(place, nowMs)
  replicas.places[replica] = undefined
}

/** Stale ones do no harm: nothing is evicted before its time. */
function watchEvictions({ cluster, events }: World): void {
  const atMs = cluster?.nextEvictionMs() ?? Number.POSITIVE_INFINITY
  if (atMs < Number.POSITIVE_INFINITY) pushEvent(events, atMs, EVICTION, 0, 0)
}
