/** What becomes of the requests that come to a service within one substep; no chance in here. */
import { type Flow, forgetSolved, mostBacklog, type Solved } from './flow.ts'
import { conditionalWait, type QueueShape, solveUtilization } from './queue-shape.ts'
import { beyondP95, quantileBehindBacklog, tailOf, unitLaw } from './response-law.ts'
import { cellOf, MOST_UTILIZATION, type RestTable, solveAtRest, within } from './rest-table.ts'
import { notePart } from './sums.ts'

/** `seconds` of `offered` requests/s. */
export function advanceFlow(flow: Flow, offered: number, seconds: number): void {
  setServiceTime(flow)
  const arrivals = offered * seconds
  const attempts = arrivals + takeRetries(flow, seconds)
  flow.sums.arrivals += arrivals
  if (flow.table === undefined) {
    flow.served = 0
    flow.utilization = 0
    flow.late = 1
    flow.outside = 1
    settle(flow, arrivals, 1)
    return
  }
  const refused = serve(flow, flow.table, attempts, seconds)
  judge(flow, flow.table)
  noteAnswers(flow, attempts, seconds)
  settle(flow, arrivals, refused)
}

/** Its own time, and what its callees take while it holds its place. */
function setServiceTime(flow: Flow): void {
  const { callees } = flow
  if (callees.meanSeconds === 0) return
  forgetSolved(flow)
  const { distribution, meanSeconds, cv } = flow.service.serving.serviceTime
  const own = distribution === 'exponential' ? 1 : distribution === 'deterministic' ? 0 : cv
  const mean = meanSeconds + callees.meanSeconds
  const variance = (own * meanSeconds) ** 2 + callees.varianceSeconds
  flow.serviceSeconds = mean
  flow.law = unitLaw({ distribution: 'lognormal', cv: Math.sqrt(variance) / mean })
}

function takeRetries({ retrying, retried, service }: Flow, seconds: number): number {
  if (retrying.length === 0) return 0
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
function serve(flow: Flow, table: RestTable, attempts: number, seconds: number): number {
  const { shape } = table
  const { allPlaces } = shape
  const rate = allPlaces / flow.serviceSeconds
  const flowed = rate * seconds
  const before = flow.backlog
  const total = flow.inSystem + attempts
  let utilization = solve(flow, table, flow.solved, flowed, total)
  const most = mostBacklog(flow, shape)
  let inSystem = total - flowed * utilization
  let refused = 0
  if (inSystem > allPlaces + most) {
    refused = inSystem - allPlaces - most
    // what was refused never was in the queue
    inSystem = allPlaces + most
    utilization = solve(flow, table, flow.solvedFull, 0, inSystem)
  }
  flow.inSystem = Math.max(0, inSystem)
  const after = Math.max(0, Math.min(most, before + attempts - flowed))
  flow.backlog = Math.max(0, Math.min(after, flow.inSystem - allPlaces * utilization))
  flow.utilization = utilization
  flow.served = rate * utilization
  noteWait(flow, shape, before)
  return attempts > 0 ? Math.min(1, refused / attempts) : 0
}

/** As last time where nothing changed, otherwise from there on. */
function solve(
  { law, tables, callees }: Flow,
  table: RestTable,
  last: Solved,
  flowed: number,
  total: number,
): number {
  if (total === last.total && flowed === last.flowed) return last.utilization
  const guess = last.utilization
  let utilization = Number.NaN
  if (callees.meanSeconds === 0 && guess < MOST_UTILIZATION)
    utilization = solveAtRest(tables, table, flowed, total, guess)
  if (Number.isNaN(utilization))
    utilization = solveUtilization(table.shape, law.cv * law.cv, flowed, total, guess)
  last.flowed = flowed
  last.total = total
  last.utilization = utilization
  return utilization
}

/** What those wait that came in this substep, in which the backlog went from `before` to what it is. */
function noteWait(flow: Flow, shape: QueueShape, before: number): void {
  const { wait, utilization, serviceSeconds, law, service } = flow
  const rate = shape.allPlaces / serviceSeconds
  const serviceScv = law.cv * law.cv
  const backlog = (before + flow.backlog) / 2
  // neither in service nor backlog, both at the end; the solver left inSystem and utilization in balance
  const waiting = Math.max(0, flow.inSystem - shape.allPlaces * utilization - flow.backlog)
  const meanSeconds = utilization > 0 ? waiting / (rate * utilization) : 0
  wait.certainSeconds = backlog / rate
  wait.riseSeconds = (flow.backlog - before) / rate
  if (backlog > 0) {
    // as many services as stand before one at its replica; behind a backlog everybody waits
    const { concurrency } = service.serving
    wait.spreadSeconds = Math.sqrt(
      (serviceScv * wait.certainSeconds * serviceSeconds) / concurrency,
    )
    wait.waitSeconds = meanSeconds
  } else {
    // those who do wait, wait for an exponential time
    wait.spreadSeconds = 0
    wait.waitSeconds = serviceSeconds * conditionalWait(shape, serviceScv, utilization)
  }
  wait.waitProbability = wait.waitSeconds > 0 ? Math.min(1, meanSeconds / wait.waitSeconds) : 0
  flow.responseSeconds = wait.certainSeconds + meanSeconds + serviceSeconds
  flow.responseVariance =
    serviceScv * serviceSeconds * serviceSeconds +
    meanSeconds * (2 * wait.waitSeconds - meanSeconds)
}

/** Which of the tries of this substep take too long, and the p95 of the others where it is known without a search. */
function judge(flow: Flow, table: RestTable): void {
  const { law, serviceSeconds, wait, service, utilization, tables } = flow
  if (
    wait.certainSeconds === 0 &&
    utilization < MOST_UTILIZATION &&
    flow.callees.meanSeconds === 0
  ) {
    const cell = cellOf(tables, table, utilization)
    flow.late = within(table.late, cell, utilization)
    flow.outside = within(table.outside, cell, utilization)
    flow.p95Seconds = within(table.p95, cell, utilization)
    flow.judged.certainSeconds = Number.NaN
    return
  }
  // a queue that is full stays as it is
  if (wait.riseSeconds === 0 && isJudged(flow)) return
  remember(flow)
  const { timeoutSeconds } = service.serving
  const limit = Math.min(timeoutSeconds, service.spec.slo.latencySeconds)
  flow.late = tailOf(law, serviceSeconds, wait, timeoutSeconds)
  flow.outside = tailOf(law, serviceSeconds, wait, limit)
  flow.p95Seconds = quantileBehindBacklog(law, serviceSeconds, wait, beyondP95(flow.late))
}

function isJudged({ judged, wait, serviceSeconds, law }: Flow): boolean {
  return (
    judged.certainSeconds === wait.certainSeconds &&
    judged.waitSeconds === wait.waitSeconds &&
    judged.waitProbability === wait.waitProbability &&
    judged.serviceSeconds === serviceSeconds &&
    judged.law === law
  )
}

function remember({ judged, wait, serviceSeconds, law }: Flow): void {
  // of a backlog that rises there is no second
  judged.certainSeconds = wait.riseSeconds === 0 ? wait.certainSeconds : Number.NaN
  judged.waitSeconds = wait.waitSeconds
  judged.waitProbability = wait.waitProbability
  judged.serviceSeconds = serviceSeconds
  judged.law = law
}

/** What was answered in this substep, a share `late` of the tries after their clients had gone. */
function noteAnswers(flow: Flow, attempts: number, seconds: number): void {
  const { sums, wait, serviceSeconds, law, callees, service, retried, late } = flow
  const { timeoutSeconds } = service.serving
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
  flow.latencySeconds = Math.max(least, Math.min(timeoutSeconds, ofAnswered))
  // those that had failed before have waited for their turn to come again
  let again = 0
  const round = service.serving.retries.backoffSeconds + late * timeoutSeconds
  for (let level = 0; attempts > 0 && level < retried.length; level++) {
    const share = retried[level]! / attempts
    again += share
    if (share > 1e-6) notePart(sums, flow, answered * share, (level + 1) * round)
  }
  notePart(sums, flow, answered * Math.max(0, 1 - again), 0)
  sums.p95Seconds = flow.p95Seconds
}

/** Which of the requests violate, which fail, which are tried again. */
function settle(flow: Flow, arrivals: number, refused: number): void {
  const { sums, retrying, retried, service, callees, late } = flow
  const { most, backoffSeconds } = service.serving.retries
  const failed = 1 - (1 - refused) * (1 - late) * (1 - callees.failure)
  flow.failure = most === 0 ? failed : failed ** (most + 1)
  sums.failures += arrivals * flow.failure
  let good = (1 - refused) * (1 - callees.failure) * (1 - flow.outside)
  // who was refused at once may still be answered in time at the second try
  if (most > 0 && refused > 0) {
    const left = service.spec.slo.latencySeconds - backoffSeconds
    good += refused * (1 - refused) * goodWithin(flow, left)
  }
  sums.violations += arrivals * Math.min(1, Math.max(flow.failure, 1 - good))
  if (most === 0) return
  retrying[0]! += arrivals * failed
  for (let level = 1; level < most; level++) retrying[level]! += retried[level - 1]! * failed
}

/** P(an attempt that found room is answered well within `seconds`). */
function goodWithin(flow: Flow, seconds: number): number {
  if (flow.table === undefined || seconds <= 0) return 0
  const { law, serviceSeconds, wait, service, callees } = flow
  const most = Math.min(seconds, service.serving.timeoutSeconds)
  return (1 - callees.failure) * (1 - tailOf(law, serviceSeconds, wait, most))
}
