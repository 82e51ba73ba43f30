/**
 * Requests of one service as a flow: how many are in the system, how many of them are plain backlog, and what becomes of
 * those that come in. Expected values, hence fractions of requests; no chance in here.
 */
import type { SimulatedService } from '../scenario.ts'
import {
  conditionalWait,
  meanWaiting,
  type QueueShape,
  queueShape,
  solveUtilization,
} from './queue-shape.ts'
import { tailOf, type UnitLaw, unitLaw, type Wait } from './response-law.ts'

/** Substeps times tries; more of them in one interval are told as one, the last. */
const MOST_PARTS = 256
export const PART_FIGURES = 8

/** What callees do to a request of this service: how long it waits for them, and whether they fail it. */
export interface Callees {
  meanSeconds: number
  varianceSeconds: number
  failure: number
}

export interface Flow {
  readonly service: SimulatedService
  readonly callees: Callees
  shape: QueueShape | undefined
  /** Waiting and in service; of the waiting, those that are there because more came than could be served. */
  inSystem: number
  backlog: number
  utilization: number
  /** Requests that wait to be tried again, by tries that failed before, and those whose time came in this substep. */
  readonly retrying: Float64Array
  readonly retried: Float64Array
  law: UnitLaw
  serviceSeconds: number
  readonly wait: Wait
  /** P(a request fails) and mean and variance of what a caller waits for, of the last substep. */
  failure: number
  responseSeconds: number
  responseVariance: number
  /** Served in the last substep, requests/s. */
  served: number
  readonly sums: Sums
}

/** Since the interval began. `served` and latencies are of those whose client still waited for the answer. */
export interface Sums {
  arrivals: number
  violations: number
  failures: number
  served: number
  latencySeconds: number
  busySeconds: number
  readySeconds: number
  /**
   * Parts of the interval with the law of their answers: answered, certain wait, probability of a wait, its mean, service
   * time, share of tries that took too long for their clients, spread of the certain wait,
   * time since the first try.
   */
  parts: number
  readonly partFigures: Float64Array
  readonly partLaws: UnitLaw[]
}

export function createFlow(service: SimulatedService): Flow {
  const { meanSeconds } = service.serving.serviceTime
  const law = unitLaw(service.serving.serviceTime)
  return {
    service,
    callees: { meanSeconds: 0, varianceSeconds: 0, failure: 0 },
    shape: undefined,
    inSystem: 0,
    backlog: 0,
    utilization: 0,
    retrying: new Float64Array(service.serving.retries.most),
    retried: new Float64Array(service.serving.retries.most),
    law,
    serviceSeconds: meanSeconds,
    wait: { certainSeconds: 0, spreadSeconds: 0, waitProbability: 0, waitSeconds: 0 },
    failure: 0,
    responseSeconds: meanSeconds,
    responseVariance: (law.cv * meanSeconds) ** 2,
    served: 0,
    sums: {
      arrivals: 0,
      violations: 0,
      failures: 0,
      served: 0,
      latencySeconds: 0,
      busySeconds: 0,
      readySeconds: 0,
      parts: 0,
      partFigures: new Float64Array(PART_FIGURES * MOST_PARTS),
      partLaws: [],
    },
  }
}

export function clearSums(sums: Sums): void {
  sums.arrivals = 0
  sums.violations = 0
  sums.failures = 0
  sums.served = 0
  sums.latencySeconds = 0
  sums.busySeconds = 0
  sums.readySeconds = 0
  sums.parts = 0
}

/** As many replicas serve from now on. */
export function setReplicas(flow: Flow, replicas: number): void {
  flow.shape = replicas > 0 ? queueShape(flow.service.serving, replicas) : undefined
  const places = flow.shape?.allPlaces ?? 0
  // what the places can take is no backlog any more, and what they cannot is
  const before = flow.utilization * (flow.inSystem - flow.backlog)
  const excess = Math.max(0, Math.min(flow.inSystem, before) - places)
  flow.backlog = Math.max(0, Math.min(flow.inSystem - places, flow.backlog + excess))
}

/** `seconds` of `offered` requests/s. */
export function advanceFlow(flow: Flow, offered: number, seconds: number): void {
  setServiceTime(flow)
  const attempts = offered * seconds + takeRetries(flow, seconds)
  flow.sums.arrivals += offered * seconds
  if (flow.shape === undefined) {
    flow.served = 0
    flow.utilization = 0
    settle(flow, offered * seconds, 1, 1)
    return
  }
  const refused = serve(flow, flow.shape, attempts, seconds)
  const { timeoutSeconds } = flow.service.serving
  const late = tailOf(flow.law, flow.serviceSeconds, flow.wait, timeoutSeconds)
  noteAnswers(flow, attempts, late, seconds)
  settle(flow, offered * seconds, refused, late)
}

/** Its own time, and what its callees take while it holds its place. */
function setServiceTime(flow: Flow): void {
  const { distribution, meanSeconds, cv } = flow.service.serving.serviceTime
  const { callees } = flow
  if (callees.meanSeconds === 0) return
  const own = distribution === 'exponential' ? 1 : distribution === 'deterministic' ? 0 : cv
  const mean = meanSeconds + callees.meanSeconds
  const variance = (own * meanSeconds) ** 2 + callees.varianceSeconds
  flow.serviceSeconds = mean
  flow.law = unitLaw({ distribution: 'lognormal', cv: Math.sqrt(variance) / mean })
}

function takeRetries({ retrying, retried, service }: Flow, seconds: number): number {
  const { backoffSeconds } = service.serving.retries
  const share = backoffSeconds > 0 ? -Math.expm1(-seconds / backoffSeconds) : 1
  let taken = 0
  for (let level = 0; level < retrying.length; level++) {
    retried[level] = retrying[level]! * share
    retrying[level]! -= retried[level]!
    taken += retried[level]!
  }
  return taken
}

/** The queue moves on; returns the share that found no room. */
function serve(flow: Flow, shape: QueueShape, attempts: number, seconds: number): number {
  const { serving } = flow.service
  const rate = shape.allPlaces / flow.serviceSeconds
  const serviceScv = flow.law.cv * flow.law.cv
  const flowed = rate * seconds
  const before = flow.backlog
  let utilization = solveUtilization(shape, serviceScv, flowed, flow.inSystem + attempts)
  const room = (serving.queueLimit * shape.allPlaces) / serving.concurrency
  const most = Math.min(room, rate * serving.timeoutSeconds)
  let inSystem = flow.inSystem + attempts - flowed * utilization
  const refused = Math.max(0, inSystem - shape.allPlaces - most)
  inSystem -= refused
  // what was refused never was in the queue
  if (refused > 0) utilization = solveUtilization(shape, serviceScv, 0, inSystem)
  flow.inSystem = Math.max(0, inSystem)
  const after = Math.max(0, Math.min(most, before + attempts - flowed))
  flow.backlog = Math.max(0, Math.min(after, flow.inSystem - shape.allPlaces * utilization))
  flow.utilization = utilization
  flow.served = rate * utilization
  note(flow, shape, (before + flow.backlog) / 2)
  return attempts > 0 ? Math.min(1, refused / attempts) : 0
}

/** The law of the answers to what came in this substep. */
function note(flow: Flow, shape: QueueShape, backlog: number): void {
  const { wait, utilization, serviceSeconds, law, service } = flow
  const rate = shape.allPlaces / serviceSeconds
  const serviceScv = law.cv * law.cv
  const waiting = Math.max(0, meanWaiting(shape, serviceScv, utilization) - backlog)
  const conditional = serviceSeconds * conditionalWait(shape, serviceScv, utilization)
  const meanSeconds = utilization > 0 ? waiting / (rate * utilization) : 0
  wait.certainSeconds = backlog / rate
  // as many services as stand before one at its replica
  wait.spreadSeconds = Math.sqrt(
    (serviceScv * wait.certainSeconds * serviceSeconds) / service.serving.concurrency,
  )
  // behind a backlog everybody waits; without one, those who do wait for an exponential time
  wait.waitSeconds = backlog > 0 ? meanSeconds : conditional
  wait.waitProbability = wait.waitSeconds > 0 ? Math.min(1, meanSeconds / wait.waitSeconds) : 0
  flow.responseSeconds = wait.certainSeconds + meanSeconds + serviceSeconds
  flow.responseVariance =
    serviceScv * serviceSeconds ** 2 + meanSeconds * (2 * wait.waitSeconds - meanSeconds)
}

/** What was answered in this substep, a share `late` of the tries after their clients had gone. */
function noteAnswers(flow: Flow, attempts: number, late: number, seconds: number): void {
  const { sums, wait, serviceSeconds, law, callees, service, retried } = flow
  const { timeoutSeconds } = service.serving
  const { backoffSeconds } = service.serving.retries
  const answered = flow.served * seconds * (1 - late) * (1 - callees.failure)
  sums.busySeconds += flow.utilization * seconds
  sums.readySeconds += seconds
  // those that took too long took a mean wait or spread more than the longest that a client waits
  const tooLong = timeoutSeconds + Math.max(wait.waitSeconds, law.cv * serviceSeconds)
  const ofAnswered =
    late < 1e-6 || late > 1 - 1e-6
      ? flow.responseSeconds
      : (flow.responseSeconds - late * tooLong) / (1 - late)
  const least = Math.min(timeoutSeconds, wait.certainSeconds)
  const latency = Math.max(least, Math.min(timeoutSeconds, ofAnswered))
  if (attempts <= 0) {
    notePart(flow, answered, { latency, late, before: 0 })
    return
  }
  // those that had failed before have waited for their turn to come again
  let again = 0
  const round = backoffSeconds + late * timeoutSeconds
  for (let level = 0; level < retried.length; level++) {
    const share = retried[level]! / attempts
    again += share
    if (share > 1e-6)
      notePart(flow, answered * share, { latency, late, before: (level + 1) * round })
  }
  notePart(flow, answered * Math.max(0, 1 - again), { latency, late, before: 0 })
}

function notePart(
  { sums, wait, serviceSeconds, law }: Flow,
  answered: number,
  { latency, late, before }: { latency: number; late: number; before: number },
): void {
  sums.served += answered
  sums.latencySeconds += answered * (latency + before)
  const figures = sums.partFigures
  const part = Math.min(sums.parts, MOST_PARTS - 1)
  const at = part * PART_FIGURES
  figures[at] = answered
  figures[at + 1] = wait.certainSeconds
  figures[at + 2] = wait.waitProbability
  figures[at + 3] = wait.waitSeconds
  figures[at + 4] = serviceSeconds
  figures[at + 5] = late
  figures[at + 6] = wait.spreadSeconds
  figures[at + 7] = before
  sums.partLaws[part] = law
  sums.parts = part + 1
}

/** Which of the requests violate, which fail, which are tried again. */
function settle(flow: Flow, arrivals: number, refused: number, late: number): void {
  const { sums, retrying, retried, service, callees } = flow
  const { most, backoffSeconds } = service.serving.retries
  const { latencySeconds } = service.spec.slo
  const failed = 1 - (1 - refused) * (1 - late) * (1 - callees.failure)
  flow.failure = failed ** (most + 1)
  sums.failures += arrivals * flow.failure
  let good = (1 - refused) * goodWithin(flow, latencySeconds)
  // who was refused at once may still be answered in time at the second try
  if (most > 0 && refused > 0)
    good += refused * (1 - refused) * goodWithin(flow, latencySeconds - backoffSeconds)
  sums.violations += arrivals * Math.min(1, Math.max(flow.failure, 1 - good))
  if (most === 0) return
  retrying[0]! += arrivals * failed
  for (let level = 1; level < most; level++) retrying[level]! += retried[level - 1]! * failed
}

/** P(an attempt that found room is answered well within `seconds`). */
function goodWithin(flow: Flow, seconds: number): number {
  if (flow.shape === undefined || seconds <= 0) return 0
  const { law, serviceSeconds, wait, service, callees } = flow
  const most = Math.min(seconds, service.serving.timeoutSeconds)
  return (1 - callees.failure) * (1 - tailOf(law, serviceSeconds, wait, most))
}
