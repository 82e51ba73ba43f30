/**
 * Grids out of the embedded store. A row of libsql becomes a JavaScript object, which costs far more than reading it; so
 * SQLite writes all cells of a statement into two texts, and one JSON.parse reads each: three times as fast. Values are
 * printed with 17 digits, which is exact.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Client, InStatement } from '@libsql/client'
import type { GridQuery } from './sample-store.ts'

/** Most cells that one statement reads: libsql works on the calling thread, which has ticks to run. */
const CELLS_A_STATEMENT = 120_000
/** From this share of all services on, a range over all of them is read and sifted. */
const SIFT_SHARE = 0.2

/** Key of a cell: service · steps + step. */
const CELLS = `SELECT group_concat(service * ? + CAST((at_ms - ?) / ? AS INTEGER)) AS keys,
  group_concat(format('%!.17g', value)) AS cells FROM samples`
const RANGE = 'at_ms >= ? AND at_ms < ?'

export interface KnownNames {
  /** undefined when nothing was ever stored under that name. */
  readonly metricId: number | undefined
  readonly known: ReadonlyMap<string, number>
}

/** Row-major services × steps; each cell the mean of its samples, NaN where there are none. */
export async function readCells(
  client: Client,
  query: GridQuery,
  { metricId, known }: KnownNames,
): Promise<Float64Array> {
  const { services: wanted, fromMs, toMs, stepMs } = query
  const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
  const sums = new Float64Array(wanted.length * steps)
  const counts = new Uint32Array(sums.length)
  const rowOf = new Map(
    wanted.flatMap((name, row) => (known.has(name) ? [[known.get(name)!, row] as const] : [])),
  )
  const add = (key: number, value: number): void => {
    const row = rowOf.get(Math.floor(key / steps))
    if (row === undefined) return // sifted out
    const cell = row * steps + (key % steps)
    sums[cell]! += value
    counts[cell]!++
  }
  if (metricId !== undefined) {
    const sift = rowOf.size > SIFT_SHARE * known.size && rowOf.size > 4
    const ids = [...rowOf.keys()]
    const windowMs = stepMs * Math.max(1, Math.floor(CELLS_A_STATEMENT / (sift ? known.size : 1)))
    for (let atMs = fromMs; atMs < toMs; atMs += windowMs) {
      if (atMs > fromMs) await nextTurn()
      const begin = [steps, fromMs, stepMs, metricId]
      const end = [atMs, Math.min(toMs, atMs + windowMs)]
      const statements = sift ? [ofAll(begin, end)] : ids.map((id) => ofOne(begin, id, end))
      for (const statement of statements) await eachCell(client, statement, add)
    }
  }
  return sums.map((sum, i) => (counts[i] === 0 ? Number.NaN : sum / counts[i]!))
}

const ofAll = (begin: readonly number[], end: readonly number[]): InStatement => ({
  sql: `${CELLS} WHERE metric = ? AND ${RANGE}`,
  args: [...begin, ...end],
})

const ofOne = (begin: readonly number[], service: number, end: readonly number[]): InStatement => ({
  sql: `${CELLS} INDEXED BY samples_by_service WHERE metric = ? AND service = ? AND ${RANGE}`,
  args: [...begin, service, ...end],
})

async function eachCell(
  client: Client,
  statement: InStatement,
  add: (key: number, value: number) => void,
): Promise<void> {
  const [row] = (await client.execute(statement)).rows
  const keys = numbersOf(row?.keys)
  const cells = numbersOf(row?.cells)
  keys.forEach((key, i) => {
    add(key, cells[i]!)
  })
}

/** Of an aggregate over no rows, which is null, none. */
const numbersOf = (text: unknown): readonly number[] =>
  typeof text === 'string' ? JSON.parse(`[${text}]`) : []
