/**
 * Prometheus as a store that is only read: each metric is a query of the configuration, of one server or of several. What
 * is pushed is refused as read-only. The step is the finest that it tells: the newest value of a service is that of its
 * newest step. Where one server of several does not answer, its services have gaps, which freeze their decreases, and
 * the others go on; where none answers, nothing is known and the read is refused.
 */
import { floorToStep, type MetricName, type ServiceId } from '../../forecaster/series.ts'
import { type Availability, createAvailability } from './availability.ts'
import type { PrometheusMetric, PrometheusStoreConfig } from './config.ts'
import { createPrometheusClient, type PrometheusClient } from './prometheus/client.ts'
import { readEntry } from './prometheus/entries.ts'
import {
  type GridQuery,
  type SampleStore,
  type StoreHealth,
  StoreUnavailable,
} from './sample-store.ts'

/** Steps of the newest values that are read again each time; older ones are remembered. */
const NEWEST_STEPS = 8

export interface PrometheusStoreOptions {
  readonly config: PrometheusStoreConfig
  readonly services: readonly ServiceId[]
  readonly stepMs: number
  /** How long an open circuit waits; for tests. */
  readonly retryAfterMs?: number | undefined
}

interface Server {
  readonly name: string
  readonly client: PrometheusClient
  readonly availability: Availability
}
type Newest = Map<ServiceId, { atMs: number; value: number }>

export function openPrometheusStore(options: PrometheusStoreOptions): SampleStore {
  const { config, services, stepMs } = options
  const servers = serversOf(options)
  const { grid, others } = createGrids(config, servers)
  const newest = createNewest(options, grid)
  const isAsked = (metric: MetricName) => config.metrics.some((entry) => entry.metric === metric)
  return {
    async append(samples) {
      return { accepted: 0, rejected: samples.length > 0 ? { 'read-only': samples.length } : {} }
    },
    grid,
    latest: async (metric, atMs) => (isAsked(metric) ? newest(metric, atMs) : new Map()),
    async inventory() {
      const toMs = floorToStep(Date.now(), stepMs)
      const fromMs = floorToStep(toMs - config.lookBackMs, stepMs)
      const metrics = [...new Set(config.metrics.map(({ metric }) => metric))]
      const rows = metrics.map(async (metric) => {
        const range = { metric, services, fromMs: fromMs + 1, toMs: toMs + 1, stepMs }
        return inventoryOf(range, await grid(range))
      })
      return (await Promise.all(rows)).flat()
    },
    prune: async () => 0,
    health: () => healthOf([...servers.values()], others()),
    async close() {},
  }
}

function serversOf({ config, retryAfterMs }: PrometheusStoreOptions): Map<string, Server> {
  const { mostSeries } = config
  return new Map(
    Object.entries(config.servers).map(([name, server]) => [
      name,
      {
        name,
        client: createPrometheusClient({ name, server, mostSeries }),
        availability: createAvailability({ nowMs: Date.now, retryAfterMs }),
      },
    ]),
  )
}

function createGrids({ metrics }: PrometheusStoreConfig, servers: ReadonlyMap<string, Server>) {
  let others = 0
  async function readOne(entry: PrometheusMetric, query: GridQuery) {
    const { client, availability } = servers.get(entry.server)!
    return availability.ask(() => readEntry(entry, client, query))
  }
  async function grid(query: GridQuery): Promise<Float64Array> {
    const steps = Math.max(0, Math.ceil((query.toMs - query.fromMs) / query.stepMs))
    const cells = new Float64Array(query.services.length * steps).fill(Number.NaN)
    // who has nothing to say is not asked, and must not be counted as one who answered
    const entries = metrics.filter(
      ({ metric, services }) =>
        metric === query.metric && (services?.some((one) => query.services.includes(one)) ?? true),
    )
    if (cells.length === 0) return cells
    const answers = await Promise.allSettled(entries.map((entry) => readOne(entry, query)))
    const failed = answers.filter((answer) => answer.status === 'rejected')
    if (entries.length > 0 && failed.length === entries.length) {
      const reasons = failed.map(({ reason }) => (reason as Error).message)
      throw new StoreUnavailable(reasons.join('; '), { cause: failed[0]!.reason })
    }
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    if (found.length > 0) others = found.reduce((sum, one) => sum + one.others, 0)
    for (const one of found) {
      one.cells.forEach((value, cell) => {
        if (Number.isNaN(cells[cell]!)) cells[cell] = value
      })
    }
    return cells
  }
  return { grid, others: () => others }
}

/** Newest values, which are remembered: each time only the last steps are asked for. */
function createNewest(
  { config, services, stepMs }: PrometheusStoreOptions,
  grid: (query: GridQuery) => Promise<Float64Array>,
) {
  const knownOf = new Map<MetricName, { atMs: number; found: Newest }>()

  async function within(metric: MetricName, fromMs: number, toMs: number): Promise<Newest> {
    const steps = Math.round((toMs - fromMs) / stepMs)
    const cells = await grid({ metric, services, fromMs: fromMs + 1, toMs: toMs + 1, stepMs })
    const found: Newest = new Map()
    services.forEach((service, row) => {
      const step = cells.subarray(row * steps, (row + 1) * steps).findLastIndex((v) => v >= 0)
      if (step < 0) return
      found.set(service, {
        atMs: fromMs + (step + 1) * stepMs,
        value: cells[row * steps + step]!,
      })
    })
    return found
  }

  return async (metric: MetricName, atMs: number): Promise<Newest> => {
    const toMs = floorToStep(atMs, stepMs)
    const known = knownOf.get(metric)
    const isNews = known !== undefined && known.atMs <= toMs
    const lookBackMs = isNews ? toMs - known.atMs + NEWEST_STEPS * stepMs : config.lookBackMs
    const fromMs = floorToStep(toMs - Math.min(lookBackMs, config.lookBackMs), stepMs)
    const found = await within(metric, fromMs, toMs)
    if (known && !isNews) return found // of an earlier time: not to be remembered
    const all: Newest = new Map([...(known?.found ?? []), ...found])
    knownOf.set(metric, { atMs: toMs, found: all })
    return new Map(all)
  }
}

function inventoryOf({ metric, services, fromMs, stepMs }: GridQuery, cells: Float64Array) {
  const steps = cells.length / services.length
  return services.flatMap((service, row) => {
    const there = [...cells.subarray(row * steps, (row + 1) * steps).entries()]
      .filter(([, value]) => !Number.isNaN(value))
      .map(([step]) => fromMs - 1 + (step + 1) * stepMs)
    if (there.length === 0) return []
    return [{ service, metric, firstMs: there[0]!, lastMs: there.at(-1)!, count: there.length }]
  })
}

function healthOf(servers: readonly Server[], others: number): StoreHealth {
  const failing = servers.filter(({ availability }) => availability.failingSinceMs() !== undefined)
  const counts = Object.fromEntries([
    ['series-of-others', others],
    ...servers.map(({ name, availability }) => [`failed-reads-${name}`, availability.failures()]),
  ])
  const rest = { pendingSamples: 0, counts }
  if (failing.length === 0)
    return { state: 'ok', detail: `${servers.length} servers answer`, ...rest }
  const reasons = failing.map(({ availability }) =>
    String((availability.lastError() as Error)?.message),
  )
  return {
    state: 'degraded',
    sinceMs: Math.min(...failing.map(({ availability }) => availability.failingSinceMs()!)),
    detail: `${failing.length} of ${servers.length} servers do not answer: ${reasons.join('; ')}`,
    ...rest,
  }
}
