/**
 * The Flux that is sent, as pure text. Names go in through the client's template, which quotes and escapes them; nothing
 * else of a query comes from outside. The aggregate stands right behind the filter, where the storage engine takes it
 * over: the server reads and sends no more than the cells.
 */
import { flux, fluxDateTime, fluxExpression } from '@influxdata/influxdb-client'
import type { MetricName, ServiceId } from '../../../forecaster/series.ts'

/** The one field of every point of the fine bucket. */
export const FIELD = 'value'
/** More services than these are not named in a query: all are read and sifted here, which is faster. */
export const NAMED_SERVICES = 50

export interface RangeOf {
  readonly bucket: string
  readonly metric: MetricName
  readonly services: readonly ServiceId[]
  readonly fromMs: number
  readonly toMs: number
}

const instant = (ms: number) => fluxDateTime(new Date(ms).toISOString())

/** A chain of comparisons, because the storage engine does not take contains() over. */
function only(services: readonly ServiceId[]) {
  if (services.length === 0 || services.length > NAMED_SERVICES) return flux``
  const each = services.map((service) => flux`r.service == ${service}`).join(' or ')
  return flux` and (${fluxExpression(each)})`
}

function pointsOf({ bucket, metric, services, fromMs, toMs }: RangeOf, field: string) {
  return flux`from(bucket: ${bucket})
  |> range(start: ${instant(fromMs)}, stop: ${instant(toMs)})
  |> filter(fn: (r) => r._measurement == ${metric} and r._field == ${field}${only(services)})`
}

/** Cells that begin at fromMs + k · stepMs: `_time` is a cell's begin. */
export function cellsFlux(
  range: RangeOf,
  stepMs: number,
  { by = 'mean', field = FIELD }: { by?: 'mean' | 'sum' | 'max'; field?: string } = {},
): string {
  const offsetMs = range.fromMs % stepMs
  const offset = offsetMs === 0 ? '' : `, offset: ${offsetMs}ms`
  return String(flux`${pointsOf(range, field)}
  |> aggregateWindow(every: ${fluxExpression(`${stepMs}ms`)}${fluxExpression(offset)}, fn: ${fluxExpression(by)}, createEmpty: false, timeSrc: "_start")
  |> keep(columns: ["_time", "_value", "service"])`)
}

export function pointsFlux(range: RangeOf): string {
  return String(flux`${pointsOf(range, FIELD)}
  |> keep(columns: ["_time", "_value", "service"])`)
}

/** The same in one table: the storage engine groups, and Flux has not a table a series to handle. */
export function ungroupedFlux(range: RangeOf): string {
  return String(flux`${pointsOf(range, FIELD)}
  |> group()
  |> keep(columns: ["_time", "_value", "service"])`)
}

export function newestFlux(range: RangeOf): string {
  return String(flux`${pointsOf(range, FIELD)}
  |> last()
  |> keep(columns: ["_time", "_value", "service"])`)
}

/** One row a series; `_time` of the first and of the last point, `_value` of the count. */
export function inventoryFlux(
  bucket: string,
  fromMs: number,
  by: 'first' | 'last' | 'count',
): string {
  const columns =
    by === 'count'
      ? '["_value", "_measurement", "service"]'
      : '["_time", "_measurement", "service"]'
  return String(flux`from(bucket: ${bucket})
  |> range(start: ${instant(fromMs)}, stop: 2200-01-01T00:00:00Z)
  |> filter(fn: (r) => r._field == ${FIELD} and exists r.service)
  |> ${fluxExpression(by)}()
  |> keep(columns: ${fluxExpression(columns)})`)
}

/** How many points there are before an instant. */
export function countBeforeFlux(bucket: string, beforeMs: number): string {
  return String(flux`from(bucket: ${bucket})
  |> range(start: ${instant(0)}, stop: ${instant(beforeMs)})
  |> filter(fn: (r) => r._field == ${FIELD})
  |> count()
  |> group()
  |> sum()
  |> keep(columns: ["_value"])`)
}

/** The task that keeps the coarse copy: sums and counts, from which any mean follows exactly, and the largest. */
export function coarseTaskFlux(
  name: string,
  fine: string,
  coarse: string,
  everyMs: number,
): string {
  const every = fluxExpression(`${everyMs}ms`)
  const aggregate = (by: 'sum' | 'count' | 'max') => flux`points
  |> aggregateWindow(every: ${every}, fn: ${fluxExpression(by)}, createEmpty: false, timeSrc: "_start")
  |> ${by === 'count' ? flux`toFloat() |> ` : flux``}set(key: "_field", value: ${by})
  |> to(bucket: ${coarse})`
  // the last two steps each time: what came late is counted by the next run
  return String(flux`option task = {name: ${name}, every: ${every}, offset: 30s}

points = from(bucket: ${fine})
  |> range(start: -${fluxExpression(`${2 * everyMs}ms`)}, stop: now())
  |> filter(fn: (r) => r._field == ${FIELD} and exists r.service)

${aggregate('sum')}

${aggregate('count')}

${aggregate('max')}
`)
}
