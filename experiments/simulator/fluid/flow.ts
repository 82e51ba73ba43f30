/**
 * The state of one service as a flow of requests: how many are in the system, how many of them are plain backlog, and what
 * the last substep found. Expected values, hence fractions of requests.
 */
import type { SimulatedService } from '../scenario.ts'
import type { QueueShape } from './queue-shape.ts'
import { type UnitLaw, unitLaw, type Wait } from './response-law.ts'
import { type RestTable, type RestTables, restTable, restTables } from './rest-table.ts'
import { createSums, type Sums } from './sums.ts'

/** What callees do to a request of this service: how long it waits for them, and whether they fail it. */
export interface Callees {
  meanSeconds: number
  varianceSeconds: number
  failure: number
}

/** An equation of `solveUtilization`, and what solves it. */
export interface Solved {
  flowed: number
  total: number
  utilization: number
}

interface Judged {
  certainSeconds: number
  waitSeconds: number
  waitProbability: number
  serviceSeconds: number
  law: UnitLaw
}

export interface Flow {
  readonly service: SimulatedService
  readonly callees: Callees
  readonly tables: RestTables
  /** Undefined without a replica. */
  table: RestTable | undefined
  /** Waiting and in service; of the waiting, those that are there because more came than could be served. */
  inSystem: number
  backlog: number
  utilization: number
  /** Utilizations found last, with and without those that found no room: where to look next. */
  readonly solved: Solved
  readonly solvedFull: Solved
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
  /** Of the tries that found room in the last substep: those that outlasted their clients, and the SLO. */
  late: number
  outside: number
  latencySeconds: number
  /** Of the last substep, first tries alone; NaN where it has to be searched for. */
  p95Seconds: number
  /** What those tails were worked out from; NaN when they hold for no other substep. */
  readonly judged: Judged
  readonly sums: Sums
}

export function createFlow(service: SimulatedService): Flow {
  const { meanSeconds } = service.serving.serviceTime
  const law = unitLaw(service.serving.serviceTime)
  return {
    service,
    callees: { meanSeconds: 0, varianceSeconds: 0, failure: 0 },
    tables: restTables(service, law),
    table: undefined,
    inSystem: 0,
    backlog: 0,
    utilization: 0,
    solved: { flowed: 0, total: Number.NaN, utilization: 0 },
    solvedFull: { flowed: 0, total: Number.NaN, utilization: 0 },
    retrying: new Float64Array(service.serving.retries.most),
    retried: new Float64Array(service.serving.retries.most),
    law,
    serviceSeconds: meanSeconds,
    wait: {
      ...{ certainSeconds: 0, spreadSeconds: 0, riseSeconds: 0 },
      ...{ waitProbability: 0, waitSeconds: 0 },
    },
    failure: 0,
    responseSeconds: meanSeconds,
    responseVariance: (law.cv * meanSeconds) ** 2,
    served: 0,
    late: 0,
    outside: 0,
    latencySeconds: 0,
    p95Seconds: Number.NaN,
    judged: {
      ...{ certainSeconds: Number.NaN, waitSeconds: 0, waitProbability: 0 },
      ...{ serviceSeconds: meanSeconds, law },
    },
    sums: createSums(),
  }
}

/** Another queue solves them otherwise; near there all the same. */
export function forgetSolved({ solved, solvedFull }: Flow): void {
  solved.total = Number.NaN
  solvedFull.total = Number.NaN
}

/** As many replicas serve from now on. */
export function setReplicas(flow: Flow, replicas: number): void {
  forgetSolved(flow)
  flow.table = replicas > 0 ? restTable(flow.tables, replicas) : undefined
  const places = flow.table?.shape.allPlaces ?? 0
  // what the places can take is no backlog any more, and what they cannot is
  const before = flow.utilization * (flow.inSystem - flow.backlog)
  const excess = Math.max(0, Math.min(flow.inSystem, before) - places)
  flow.backlog = Math.max(0, Math.min(flow.inSystem - places, flow.backlog + excess))
}

/** Requests that can be there because more come than can be served: as many as find room, and as wait for so long. */
export function mostBacklog({ service, serviceSeconds }: Flow, { allPlaces }: QueueShape): number {
  const { queueLimit, concurrency, timeoutSeconds } = service.serving
  return allPlaces * Math.min(queueLimit / concurrency, timeoutSeconds / serviceSeconds)
}
