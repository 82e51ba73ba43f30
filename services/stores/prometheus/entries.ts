/**
 * One entry of the configuration read: which queries fill a grid of which services, and the points put in their cells.
 * A query is evaluated at the last ms of every cell over a window as long as the cell, so that what it says is of that
 * cell alone. Few queries: one for all services, or one for each thousand where the template names them.
 */
import type { ServiceId } from '../../../forecaster/series.ts'
import type { PrometheusMetric } from '../config.ts'
import type { GridQuery } from '../sample-store.ts'
import { type PrometheusClient, PrometheusError, type PromSeries } from './client.ts'
import { placesOf, promqlOf } from './promql.ts'

/** Prometheus refuses more than 11,000 points a series. */
const POINTS_A_SERIES = 10_000
/** An answer of more becomes a text that takes long to read in one go. */
const POINTS_A_QUERY = 300_000
const SERVICES_A_QUERY = 1000

export interface Found {
  readonly cells: Float64Array
  /** Series of services that nobody asked for. */
  readonly others: number
}

/** Row-major over `query.services`; NaN where this entry says nothing. */
export async function readEntry(
  entry: PrometheusMetric,
  client: PrometheusClient,
  query: GridQuery,
): Promise<Found> {
  const { fromMs, toMs, stepMs } = query
  const steps = Math.max(0, Math.ceil((toMs - fromMs) / stepMs))
  const cells = new Float64Array(query.services.length * steps).fill(Number.NaN)
  const rowOf = new Map(query.services.map((service, row) => [service, row]))
  const wanted = entry.services?.filter((service) => rowOf.has(service)) ?? query.services
  let others = 0
  if (cells.length === 0 || wanted.length === 0) return { cells, others }
  const mine = new Set(wanted)
  const windowMs = stepMs - ((await client.isLeftOpen()) ? 0 : 1)
  const endOf = (step: number) => fromMs + (step + 1) * stepMs - 1
  async function readPiece(piece: Piece): Promise<void> {
    const { services, first, last } = piece
    const promql = promqlOf(entry.query, services, windowMs)
    const asked = { query: promql, startMs: endOf(first), endMs: endOf(last), stepMs }
    const series = await client.range(asked).catch((error: unknown) => {
      if (error instanceof PrometheusError && error.isTooMuch) return error
      throw error
    })
    if (series instanceof PrometheusError) {
      const halves = halvesOf(piece, placesOf(entry.query) === 'services')
      if (halves.length === 0) throw series
      for (const half of halves) await readPiece(half)
      return
    }
    const { byService, unknown } = sorted(series, entry, services, mine)
    others += unknown
    for (const [service, one] of byService)
      fill(cells, rowOf.get(service)! * steps, steps, one, { fromMs, stepMs })
  }
  for (const piece of piecesOf(entry, wanted, steps)) await readPiece(piece)
  return { cells, others }
}

interface Piece {
  readonly services: readonly ServiceId[]
  readonly first: number
  /** Included. */
  readonly last: number
}

/** Few queries, each of which is answered by no more than a server gives and we read in one go. */
function* piecesOf(
  entry: PrometheusMetric,
  services: readonly ServiceId[],
  steps: number,
): Generator<Piece> {
  const places = placesOf(entry.query)
  const size = places === 'none' ? services.length : places === 'service' ? 1 : SERVICES_A_QUERY
  for (let at = 0; at < services.length; at += size) {
    const some = services.slice(at, at + size)
    const batch = Math.max(1, Math.min(POINTS_A_SERIES, Math.floor(POINTS_A_QUERY / some.length)))
    for (let first = 0; first < steps; first += batch)
      yield { services: some, first, last: Math.min(steps, first + batch) - 1 }
  }
}

/** What the server would not answer at once: half of the steps, then half of the services; none of one step and one. */
function halvesOf({ services, first, last }: Piece, namesServices: boolean): Piece[] {
  if (last > first) {
    const middle = (first + last) >> 1
    return [
      { services, first, last: middle },
      { services, first: middle + 1, last },
    ]
  }
  if (!namesServices || services.length < 2) return []
  const half = services.length >> 1
  return [services.slice(0, half), services.slice(half)].map((some) => ({
    ...{ services: some, first, last },
  }))
}

function sorted(
  all: readonly PromSeries[],
  entry: PrometheusMetric,
  asked: readonly ServiceId[],
  mine: ReadonlySet<ServiceId>,
): { byService: Map<ServiceId, PromSeries>; unknown: number } {
  const byService = new Map<ServiceId, PromSeries>()
  let unknown = 0
  for (const series of all) {
    const service = serviceOf(series, entry, asked)
    if (service === undefined || !mine.has(service)) unknown++
    else if (byService.has(service)) refuseSecond(service, entry)
    else byService.set(service, series)
  }
  return { byService, unknown }
}

/** A query for one service need not keep the label that names it. */
function serviceOf(
  { labels }: PromSeries,
  { serviceLabel, query }: PrometheusMetric,
  services: readonly ServiceId[],
): ServiceId | undefined {
  return labels[serviceLabel] ?? (placesOf(query) === 'service' ? services[0] : undefined)
}

function fill(
  cells: Float64Array,
  begin: number,
  steps: number,
  { points }: PromSeries,
  { fromMs, stepMs }: { readonly fromMs: number; readonly stepMs: number },
): void {
  for (const [atSeconds, text] of points) {
    const step = Math.round((atSeconds * 1000 + 1 - fromMs) / stepMs) - 1
    const value = Number(text)
    // loads are never negative; what is not finite is no measurement
    if (step >= 0 && step < steps && Number.isFinite(value) && value >= 0)
      cells[begin + step] = value
  }
}

/** Two series of one service would silently overwrite one another. */
function refuseSecond(service: ServiceId, { metric, serviceLabel }: PrometheusMetric): never {
  throw new PrometheusError(
    `${metric}: the query gives several series of ${service}; allowed: one, as sum by (${serviceLabel}) (…) gives`,
  )
}
