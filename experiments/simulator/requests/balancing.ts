/**
 * Which ready replica gets the next request. Connections of a replica are what it serves and what waits at it.
 *
 * Least-connections keeps replicas sorted by connections: one more or one less moves a replica to the end or the start of
 * its run of equals and shifts that border by one, so that a choice and its bookkeeping take the same time for any number
 * of replicas (the bucket structure of Batagelj and Zaveršnik 2003, there for degrees in a graph).
 */
import type { Replicas, Service } from './world.ts'

/** −1 without a ready replica. */
export function pick(service: Service, replicas: Replicas): number {
  const { readyCount, ready, balancing } = service
  if (readyCount < 2) return readyCount === 0 ? -1 : ready[0]!
  if (balancing === 'least-connections') return ready[0]!
  if (balancing === 'round-robin') {
    service.turn = (service.turn + 1) % readyCount
    return ready[service.turn]!
  }
  const random = service.chanceOfBalancing
  const first = Math.floor(random() * readyCount)
  if (balancing === 'random') return ready[first]!
  // two different ones (Mitzenmacher 2001)
  const second = Math.floor(random() * (readyCount - 1))
  const a = ready[first]!
  const b = ready[second < first ? second : second + 1]!
  return connections(replicas, b) < connections(replicas, a) ? b : a
}

/** To be called before the replica's connections become one more. One alone needs no order; a second brings it. */
export function connect(service: Service, replicas: Replicas, replica: number): void {
  if (service.balancing !== 'least-connections' || service.readyCount < 2) return
  const before = connections(replicas, replica)
  if (before + 2 >= service.fewest.length) widen(service)
  const { fewest } = service
  const last = --fewest[before + 1]!
  swap(service, replicas, replica, last)
}

/** To be called before the connections of a ready replica become one less. */
export function disconnect(service: Service, replicas: Replicas, replica: number): void {
  if (service.balancing !== 'least-connections' || service.readyCount < 2) return
  const first = service.fewest[connections(replicas, replica)]!++
  swap(service, replicas, replica, first)
}

export function addReady(service: Service, replicas: Replicas, replica: number): void {
  if (service.readyCount === service.ready.length) {
    const ready = new Int32Array(2 * service.readyCount)
    ready.set(service.ready)
    service.ready = ready
  }
  service.ready[service.readyCount++] = replica
  sort(service, replicas)
}

export function removeReady(service: Service, replicas: Replicas, replica: number): void {
  const at = replicas.position[replica]!
  service.ready.copyWithin(at, at + 1, service.readyCount--)
  sort(service, replicas)
}

function connections({ busy, waiting }: Replicas, replica: number): number {
  return busy[replica]! + waiting[replica]!
}

function swap({ ready }: Service, { position }: Replicas, replica: number, to: number): void {
  const from = position[replica]!
  const other = ready[to]!
  ready[from] = other
  ready[to] = replica
  position[other] = from
  position[replica] = to
}

function widen(service: Service): void {
  const { fewest, readyCount } = service
  service.fewest = new Int32Array(2 * fewest.length).fill(readyCount)
  service.fewest.set(fewest)
}

/** After the fleet changed: a stable sort, and the borders anew. */
function sort(service: Service, replicas: Replicas): void {
  const { ready, readyCount, balancing } = service
  if (balancing === 'least-connections') {
    const sorted = [...ready.subarray(0, readyCount)].sort(
      (a, b) => connections(replicas, a) - connections(replicas, b),
    )
    ready.set(sorted)
    const most = readyCount > 0 ? connections(replicas, sorted[readyCount - 1]!) : 0
    while (service.fewest.length < most + 3) widen(service)
    const { fewest } = service
    for (let k = 0, at = 0; k < fewest.length; k++) {
      while (at < readyCount && connections(replicas, sorted[at]!) < k) at++
      fewest[k] = at
    }
  }
  for (let at = 0; at < readyCount; at++) replicas.position[ready[at]!] = at
}
