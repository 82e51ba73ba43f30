/** Grids, newest values and inventories out of InfluxDB: the server aggregates, rows are put in their cells as they come. */
import type { MetricName, ServiceId } from '../../../forecaster/series.ts'
import type { GridQuery } from '../sample-store.ts'
import type { InfluxClient } from './client.ts'
import { InfluxAnswerError } from './errors.ts'
import {
  cellsFlux,
  countBeforeFlux,
  FIELD,
  inventoryFlux,
  NAMED_SERVICES,
  newestFlux,
  pointsFlux,
  type RangeOf,
  ungroupedFlux,
} from './queries.ts'

/** So many cells are given one more `timeoutMs`. */
const CELLS_A_TIMEOUT = 50_000
/** Steps of a range that is read point by point. */
const SHORT_STEPS = 4
const ROW = ['_time', '_value', 'service'] as const

export interface ReaderOptions {
  readonly client: InfluxClient
  readonly bucket: string
  readonly timeoutMs: number
}

export interface Coarse {
  readonly bucket: string
  readonly everyMs: number
}

export interface InfluxReader {
  grid(query: GridQuery): Promise<Float64Array>
  /** The same out of the coarse copy: sums over counts, so exactly the mean where steps are whole ones of it. */
  coarseGrid(query: GridQuery, coarse: Coarse): Promise<Float64Array>
  newest(
    metric: MetricName,
    fromMs: number,
    atMs: number,
  ): Promise<Map<ServiceId, { atMs: number; value: number }>>
  /** Every point, by `service atMs`. */
  points(
    metric: MetricName,
    services: readonly ServiceId[],
    fromMs: number,
    toMs: number,
  ): Promise<Map<string, number>>
  inventory(fromMs: number): Promise<InventoryRow[]>
  countBefore(beforeMs: number): Promise<number>
}

export interface InventoryRow {
  readonly service: ServiceId
  readonly metric: MetricName
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
}

export function createInfluxReader(options: ReaderOptions): InfluxReader {
  const { client, bucket, timeoutMs } = options
  async function cells(query: GridQuery, from: string, by: Parameters<typeof cellsFlux>[2]) {
    const { services, fromMs, toMs, stepMs } = query
    const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
    const grid = new Float64Array(services.length * steps).fill(Number.NaN)
    if (grid.length === 0) return grid
    const rowOf = new Map(services.map((service, row) => [service, row]))
    const flux = cellsFlux({ ...query, bucket: from }, stepMs, by)
    const limitMs = timeoutMs * (1 + grid.length / CELLS_A_TIMEOUT)
    await client.query(flux, ROW, limitMs, ([time, value, service]) => {
      const row = rowOf.get(service!)
      if (row === undefined) return
      const step = Math.floor((Date.parse(time!) - fromMs) / stepMs)
      if (step < 0 || step >= steps) return
      const cell = row * steps + step
      if (!Number.isNaN(grid[cell]!)) refuseSecond(service!, query.metric)
      grid[cell] = numberOf(value!)
    })
    return grid
  }

  return {
    grid(query) {
      const { services, fromMs, toMs, stepMs } = query
      const isShort = toMs > fromMs && toMs - fromMs <= SHORT_STEPS * stepMs
      if (isShort && services.length > NAMED_SERVICES) return meansOfPoints(options, query)
      return cells(query, bucket, { by: 'mean', field: FIELD })
    },
    async coarseGrid(query, coarse) {
      const [sums, counts] = await Promise.all(
        ['sum', 'count'].map((field) => cells(query, coarse.bucket, { by: 'sum', field })),
      )
      return sums!.map((sum, cell) => sum / counts![cell]!)
    },
    async newest(metric, fromMs, atMs) {
      const found = new Map<ServiceId, { atMs: number; value: number }>()
      const range: RangeOf = { bucket, metric, services: [], fromMs, toMs: atMs + 1 }
      await client.query(newestFlux(range), ROW, timeoutMs, ([time, value, service]) => {
        found.set(service!, { atMs: Date.parse(time!), value: numberOf(value!) })
      })
      return found
    },
    async points(metric, services, fromMs, toMs) {
      const found = new Map<string, number>()
      const named = services.length <= NAMED_SERVICES ? services : []
      const range: RangeOf = { bucket, metric, services: named, fromMs, toMs }
      await client.query(pointsFlux(range), ROW, 10 * timeoutMs, ([time, value, service]) => {
        found.set(`${service} ${Date.parse(time!)}`, numberOf(value!))
      })
      return found
    },
    async inventory(fromMs) {
      const rows = new Map<string, Mutable<InventoryRow>>()
      const ask = (
        by: 'first' | 'last' | 'count',
        take: (row: Mutable<InventoryRow>, value: string) => void,
      ) => {
        const columns = [by === 'count' ? '_value' : '_time', '_measurement', 'service']
        return client.query(inventoryFlux(bucket, fromMs, by), columns, 10 * timeoutMs, (cells) => {
          const [value, metric, service] = cells
          const key = `${service} ${metric}`
          const row = rows.get(key) ?? {
            service: service!,
            metric: metric!,
            firstMs: 0,
            lastMs: 0,
            count: 0,
          }
          rows.set(key, row)
          take(row, value!)
        })
      }
      await ask('first', (row, time) => (row.firstMs = Date.parse(time)))
      await ask('last', (row, time) => (row.lastMs = Date.parse(time)))
      await ask('count', (row, count) => (row.count = numberOf(count)))
      return [...rows.values()].filter((row) => row.count > 0)
    },
    countBefore: (beforeMs) => countBefore(options, beforeMs),
  }
}

/** Short ranges of a whole fleet, as a tick reads them: points are fewer than Flux's tables would cost. */
async function meansOfPoints(
  { client, bucket, timeoutMs }: ReaderOptions,
  query: GridQuery,
): Promise<Float64Array> {
  const { services, fromMs, toMs, stepMs } = query
  const steps = Math.ceil((toMs - fromMs) / stepMs)
  const sums = new Float64Array(services.length * steps)
  const counts = new Uint32Array(sums.length)
  const rowOf = new Map(services.map((service, row) => [service, row]))
  const limitMs = timeoutMs * (1 + sums.length / CELLS_A_TIMEOUT)
  const flux = ungroupedFlux({ ...query, bucket })
  await client.query(flux, ROW, limitMs, ([time, value, service]) => {
    const row = rowOf.get(service!)
    if (row === undefined) return
    const cell = row * steps + Math.floor((Date.parse(time!) - fromMs) / stepMs)
    sums[cell]! += numberOf(value!)
    counts[cell]!++
  })
  return sums.map((sum, cell) => (counts[cell] === 0 ? Number.NaN : sum / counts[cell]!))
}

async function countBefore(
  { client, bucket, timeoutMs }: ReaderOptions,
  beforeMs: number,
): Promise<number> {
  let count = 0
  const flux = countBeforeFlux(bucket, beforeMs)
  await client.query(flux, ['_value'], 10 * timeoutMs, ([value]) => {
    count += numberOf(value!)
  })
  return count
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

function numberOf(text: string): number {
  const value = Number(text)
  if (text !== '' && Number.isFinite(value)) return value
  throw new InfluxAnswerError(`a number was expected, came ${JSON.stringify(text.slice(0, 80))}`)
}

/** Several series of one service would silently overwrite one another. */
function refuseSecond(service: ServiceId, metric: MetricName): never {
  throw new InfluxAnswerError(
    `${metric} of ${service} has several series in the bucket; allowed: one, with no tag but service`,
  )
}
