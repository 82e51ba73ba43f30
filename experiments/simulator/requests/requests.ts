/**
 * The life of a request: it comes, is given to a replica, waits, is served, calls other services, is answered; or it is
 * refused, times out, loses its replica, and is tried again as often as its service allows.
 *
 * A client gives up a try after `timeoutSeconds`. A try that waits leaves the queue then; one that is being served goes on
 * in vain and holds its place to the end, as a server does that is not told.
 */
import { connect, disconnect, pick } from './balancing.ts'
import { draw } from './chance.ts'
import { pushEvent, QUEUE_TIMEOUT, RETRY, SERVED, TIMEOUT } from './events.ts'
import { addLatency } from './latencies.ts'
import { dropReplica } from './pool.ts'
import {
  BACKING_OFF,
  freeRow,
  IN_SERVICE,
  SERVING,
  type Service,
  takeRow,
  WAITING,
  type World,
} from './world.ts'

const OUTSIDE = -1

/** A request from outside, now. */
export function arrive(world: World, service: Service): void {
  offer(world, service, createRequest(world, service, OUTSIDE))
}

function createRequest(world: World, service: Service, caller: number): number {
  const { requests, nowMs } = world
  const row = takeRow(requests)
  requests.service[row] = service.index
  requests.caller[row] = caller
  if (caller !== OUTSIDE) requests.callerStamp[row] = requests.stamp[caller]!
  requests.tries[row] = 0
  requests.abandoned[row] = 0
  requests.violated[row] = 0
  requests.bornMs[row] = nowMs
  service.sums.arrivals++
  return row
}

/** One try. */
function offer(world: World, service: Service, row: number): void {
  const { replicas, requests, nowMs, events } = world
  const replica = pick(service, replicas)
  if (replica < 0) {
    failTry(world, service, row)
    return
  }
  if (replicas.busy[replica]! < service.concurrency) {
    connect(service, replicas, replica)
    begin(world, service, row, replica, nowMs)
    return
  }
  if (replicas.waiting[replica]! >= service.queueLimit) {
    failTry(world, service, row)
    return
  }
  connect(service, replicas, replica)
  requests.stage[row] = WAITING
  requests.enteredMs[row] = nowMs
  requests.replica[row] = replica
  requests.next[row] = -1
  const last = replicas.last[replica]!
  if (last < 0) replicas.first[replica] = row
  else requests.next[last] = row
  replicas.last[replica] = row
  replicas.waiting[replica]!++
  service.queued++
  if (replicas.watched[replica] === 0) {
    replicas.watched[replica] = 1
    pushEvent(events, nowMs + service.timeoutMs, QUEUE_TIMEOUT, replica, 0)
  }
}

function begin(
  world: World,
  service: Service,
  row: number,
  replica: number,
  enteredMs: number,
): void {
  const { requests, replicas, events, nowMs } = world
  const { sums } = service
  requests.stage[row] = SERVING
  requests.replica[row] = replica
  replicas.busy[replica]!++
  service.inService++
  if (replicas.phase[replica] === IN_SERVICE) {
    service.busy++
    sums.busyMs -= nowMs - world.sinceMs
  }
  const servedMs = nowMs + draw(service.servicesMs)
  const stamp = requests.stamp[row]!
  const deadlineMs = enteredMs + service.timeoutMs
  // how long calls take is not known yet
  if (servedMs > deadlineMs || service.calls.length > 0)
    pushEvent(events, deadlineMs, TIMEOUT, row, stamp)
  pushEvent(events, servedMs, SERVED, row, stamp)
}

/** Its own service time is over. */
export function onServed(world: World, row: number, stamp: number): void {
  const { requests, services } = world
  if (requests.stamp[row] !== stamp) return
  const service = services[requests.service[row]!]!
  if (service.calls.length === 0) {
    finish(world, service, row, true)
    return
  }
  requests.call[row] = -1
  requests.callsLeft[row] = 0
  callNext(world, service, row)
}

/** One call after the other, in the order they are declared. */
function callNext(world: World, service: Service, row: number): void {
  const { requests, services } = world
  while (requests.callsLeft[row] === 0) {
    const next = ++requests.call[row]!
    if (next === service.calls.length) {
      finish(world, service, row, true)
      return
    }
    requests.callsLeft[row] = callsOf(service, next)
  }
  requests.callsLeft[row]!--
  const callee = services[service.calls[requests.call[row]!]!.to]!
  offer(world, callee, createRequest(world, callee, row))
}

function callsOf(service: Service, call: number): number {
  const { perRequest } = service.calls[call]!
  const whole = Math.floor(perRequest)
  const rest = perRequest - whole
  return whole + (rest > 0 && service.chanceOfCalls() < rest ? 1 : 0)
}

/** Its place is free; then whoever waits for it hears. */
function finish(world: World, service: Service, row: number, isGood: boolean): void {
  const { requests } = world
  leavePlace(world, service, requests.replica[row]!)
  if (requests.abandoned[row] === 1) freeRow(requests, row)
  else if (isGood) settle(world, service, row, true)
  else failTry(world, service, row)
}

function leavePlace(world: World, service: Service, replica: number): void {
  const { replicas, nowMs } = world
  const isReady = replicas.phase[replica] === IN_SERVICE
  if (isReady) {
    disconnect(service, replicas, replica)
    service.busy--
    service.sums.busyMs += nowMs - world.sinceMs
  }
  replicas.busy[replica]!--
  service.inService--
  const first = replicas.first[replica]!
  if (first >= 0) {
    takeFirst(world, service, replica, first)
    begin(world, service, first, replica, world.requests.enteredMs[first]!)
  } else if (!isReady && replicas.busy[replica] === 0) dropReplica(world, service, replica)
}

function takeFirst(
  { requests, replicas }: World,
  service: Service,
  replica: number,
  first: number,
) {
  const next = requests.next[first]!
  replicas.first[replica] = next
  if (next < 0) replicas.last[replica] = -1
  replicas.waiting[replica]!--
  service.queued--
}

/** Those first in the queue have waited for as long as their clients do. */
export function onQueueTimeout(world: World, replica: number): void {
  const { requests, replicas, services, events, nowMs } = world
  const service = services[replicas.service[replica]!]!
  replicas.watched[replica] = 0
  for (;;) {
    const first = replicas.first[replica]!
    if (first < 0) return
    const deadlineMs = requests.enteredMs[first]! + service.timeoutMs
    if (deadlineMs > nowMs) {
      replicas.watched[replica] = 1
      pushEvent(events, deadlineMs, QUEUE_TIMEOUT, replica, 0)
      return
    }
    if (replicas.phase[replica] === IN_SERVICE) disconnect(service, replicas, replica)
    takeFirst(world, service, replica, first)
    failTry(world, service, first)
  }
}

/** The client of a request that is being served gives up; the server does not know. */
export function onTimeout(world: World, row: number, stamp: number): void {
  const { requests, services } = world
  if (requests.stamp[row] !== stamp) return
  const service = services[requests.service[row]!]!
  requests.abandoned[row] = 1
  const other = takeRow(requests)
  requests.service[other] = service.index
  requests.abandoned[other] = 0
  requests.caller[other] = requests.caller[row]!
  requests.callerStamp[other] = requests.callerStamp[row]!
  requests.tries[other] = requests.tries[row]!
  requests.violated[other] = requests.violated[row]!
  requests.bornMs[other] = requests.bornMs[row]!
  failTry(world, service, other)
}

/** To be called of a request that is on no replica any more. */
function failTry(world: World, service: Service, row: number): void {
  const { requests, events, nowMs } = world
  if (requests.tries[row]! >= service.mostRetries) {
    settle(world, service, row, false)
    return
  }
  requests.tries[row]!++
  requests.stage[row] = BACKING_OFF
  const stamp = ++requests.stamp[row]!
  pushEvent(events, nowMs + service.backoffMs, RETRY, row, stamp)
}

export function onRetry(world: World, row: number, stamp: number): void {
  const { requests, services } = world
  if (requests.stamp[row] === stamp) offer(world, services[requests.service[row]!]!, row)
}

/** A request is over; its caller, if it still waits, goes on. */
function settle(world: World, service: Service, row: number, isGood: boolean): void {
  const { requests, nowMs, services, onOver } = world
  const { sums } = service
  const bornMs = requests.bornMs[row]!
  const latencyMs = nowMs - bornMs
  if (isGood) {
    sums.latencySeconds += latencyMs / 1000
    addLatency(sums.latencies, latencyMs / 1000)
  } else sums.failures++
  if ((!isGood || latencyMs > service.sloMs) && requests.violated[row] === 0) sums.violations++
  const caller = requests.caller[row]!
  freeRow(requests, row)
  if (caller === OUTSIDE) {
    onOver?.({ service: service.index, arrivedAtMs: bornMs, seconds: latencyMs / 1000, isGood })
    return
  }
  if (requests.stamp[caller] !== requests.callerStamp[row]) return
  const calling = services[requests.service[caller]!]!
  if (isGood) callNext(world, calling, caller)
  else finish(world, calling, caller, false)
}

/** All that waits on a replica or is served by it loses it. */
export function loseRequests(world: World, service: Service, replica: number): void {
  const { requests, replicas } = world
  const lost: number[] = []
  for (let row = 0; row < requests.used; row++) {
    const stage = requests.stage[row]
    if ((stage === SERVING || stage === WAITING) && requests.replica[row] === replica) {
      // those that fail here may be calls of one another: none of them hears of it
      requests.stamp[row]!++
      lost.push(row)
    }
  }
  service.queued -= replicas.waiting[replica]!
  service.inService -= replicas.busy[replica]!
  replicas.busy[replica] = 0
  replicas.waiting[replica] = 0
  replicas.first[replica] = -1
  replicas.last[replica] = -1
  for (const row of lost) {
    if (requests.abandoned[row] === 1) freeRow(requests, row)
    else failTry(world, service, row)
  }
}
