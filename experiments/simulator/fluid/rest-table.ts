/**
 * What becomes of requests at a queue at rest, as tables over its utilization: without a backlog everything hangs on that
 * one number, and its tails and its quantile cost far more than all else of a step. A cell is worked out when it is first
 * needed, by the same functions that serve everywhere else; between two cells straight.
 */
import type { SimulatedService } from '../scenario.ts'
import {
  conditionalWait,
  meanWaiting,
  type QueueShape,
  queueShape,
  waitProbability,
} from './queue-shape.ts'
import { beyondP95, tailOf, type UnitLaw, type Wait } from './response-law.ts'
import { quantileOfTail } from './response-quantile.ts'

/** A multiple of the cells of Erlang's table, so that its corners are corners here. */
const CELLS = 1024
/** Above, waits change too fast for these cells: they are off by less than 0.02 % below. */
export const MOST_UTILIZATION = 0.95
const MOST_CELL = Math.floor(MOST_UTILIZATION * CELLS)
const MOST_STEPS = 10
/** Of all services together, 16 KB each; then they are all made anew. */
const MOST_TABLES = 1024

export interface RestTable {
  readonly shape: QueueShape
  /** At utilizations 0, 1/1024 …: NaN where not worked out yet. Tries that outlast their clients, and the SLO. */
  readonly late: Float32Array
  readonly outside: Float32Array
  /** Requests that wait. */
  readonly waiting: Float32Array
  /** Seconds. */
  readonly p95: Float32Array
}

/** Of one way to serve; by replicas. */
export interface RestTables {
  readonly service: Pick<SimulatedService, 'serving' | 'spec'>
  readonly law: UnitLaw
  readonly byReplicas: Map<number, RestTable>
}

const shared = new Map<string, RestTables>()
let count = 0

/** The same for services that serve alike. */
export function restTables(service: SimulatedService, law: UnitLaw): RestTables {
  const { serviceTime, timeoutSeconds, balancing, concurrency } = service.serving
  const { latencySeconds } = service.spec.slo
  const key = JSON.stringify([serviceTime, timeoutSeconds, balancing, concurrency, latencySeconds])
  let found = shared.get(key)
  if (found === undefined) {
    found = { service, law, byReplicas: new Map() }
    shared.set(key, found)
  }
  return found
}

export function restTable({ service, byReplicas }: RestTables, replicas: number): RestTable {
  let found = byReplicas.get(replicas)
  if (found === undefined) {
    if (++count > MOST_TABLES) {
      for (const tables of shared.values()) tables.byReplicas.clear()
      count = 1
    }
    const blank = (): Float32Array => new Float32Array(CELLS + 1).fill(Number.NaN)
    const shape = queueShape(service.serving, replicas)
    found = { shape, late: blank(), outside: blank(), waiting: blank(), p95: blank() }
    byReplicas.set(replicas, found)
  }
  return found
}

/** The cell that `utilization` lies in, worked out at both of its ends. */
export function cellOf(tables: RestTables, table: RestTable, utilization: number): number {
  const cell = (utilization * CELLS) | 0
  if (Number.isNaN(table.late[cell]!)) workOut(tables, table, cell)
  if (Number.isNaN(table.late[cell + 1]!)) workOut(tables, table, cell + 1)
  return cell
}

export function within(column: Float32Array, cell: number, utilization: number): number {
  const low = column[cell]!
  return low + (column[cell + 1]! - low) * (utilization * CELLS - cell)
}

/**
 * As `solveUtilization`, between the corners of the table: Newton's method, which ends in the cell that it comes back to.
 * NaN where the queue is not at rest.
 */
export function solveAtRest(
  tables: RestTables,
  table: RestTable,
  flow: number,
  total: number,
  guess: number,
): number {
  const { waiting, shape } = table
  const linear = (shape.allPlaces + flow) / CELLS
  let cell = Math.min(MOST_CELL, (guess * CELLS) | 0)
  for (let step = 0; step < MOST_STEPS; step++) {
    cellOf(tables, table, cell / CELLS)
    const low = waiting[cell]!
    const slope = linear + waiting[cell + 1]! - low
    const at = cell + (total - linear * cell - low) / slope
    const next = at | 0
    if (next === cell) return at / CELLS
    if (cell === MOST_CELL && next > cell) return Number.NaN
    cell = Math.min(MOST_CELL, next)
  }
  return Number.NaN
}

function workOut(
  { service: { serving, spec }, law }: RestTables,
  { shape, late, outside, waiting, p95 }: RestTable,
  cell: number,
): void {
  const utilization = cell / CELLS
  const scv = law.cv * law.cv
  const seconds = serving.serviceTime.meanSeconds
  const wait: Wait = {
    ...{ certainSeconds: 0, spreadSeconds: 0, riseSeconds: 0 },
    waitProbability: utilization > 0 ? waitProbability(shape, scv, utilization) : 0,
    waitSeconds: seconds * conditionalWait(shape, scv, utilization),
  }
  const tail = (limit: number): number => tailOf(law, seconds, wait, limit)
  const tooLate = tail(serving.timeoutSeconds)
  late[cell] = tooLate
  waiting[cell] = meanWaiting(shape, scv, utilization)
  outside[cell] = tail(Math.min(serving.timeoutSeconds, spec.slo.latencySeconds))
  p95[cell] = quantileOfTail(
    tail,
    beyondP95(tooLate),
    seconds + wait.waitProbability * wait.waitSeconds,
  )
}
