/**
 * A range of Prometheus by query_range (prometheus.io/docs/prometheus/latest/querying/api/#range-queries), in pieces
 * below its limit of 11,000 points a series. A point evaluated at t speaks of the step that ends at t, which is what
 * `rate(x[step])` and `avg_over_time(x[step])` give; so value i is asked for at the end of its step. A step without a
 * point stays NaN. Mind that a bare selector looks back five minutes and so hides shorter gaps; those two do not.
 */
import { z } from 'zod'
import { LOAD_METRIC, MetricName, ServiceId } from '../../forecaster/series.ts'
import { DatasetError, DatasetUnreachable } from '../dataset-error.ts'
import { ServerUrl } from '../outbound/config.ts'
import { type Way, wayTo } from '../outbound/way.ts'
import type { Readings } from '../readings.ts'
import { rootMessage } from '../traces/download.ts'
import { type Reader, rangeFields, readService, wholeSteps } from './source.ts'

/** Prometheus refuses more than 11,000. */
const POINTS_A_QUERY = 10_000

export const PrometheusSource = z.strictObject({
  kind: z.literal('prometheus'),
  url: ServerUrl.meta({ description: 'Address of the server, without /api/v1.' }),
  query: z.string().min(1).meta({ description: 'PromQL whose result has one series a service.' }),
  serviceLabel: z
    .string()
    .default('service')
    .meta({ description: 'Label that names the service.' }),
  service: ServiceId.optional().meta({
    description: 'Service, where the query gives one series without that label.',
  }),
  metric: MetricName.default(LOAD_METRIC),
  token: z.string().optional().meta({ description: 'Bearer token.' }),
  ...rangeFields,
})
export type PrometheusSource = z.infer<typeof PrometheusSource>

const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])).default([]),
      }),
    ),
  }),
})
/** Errors that another try of the same query would meet again. */
const OF_THE_QUERY = ['bad_data', 'execution']
const Refusal = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() })

export function createPrometheusReader(source: PrometheusSource): Reader {
  return {
    async read() {
      const { firstMs, steps } = wholeSteps(source)
      const { stepMs, metric } = source
      const asked = { source, way: wayTo(source.url), firstMs }
      const gridByService = new Map<ServiceId, Float64Array>()
      for (let from = 0; from < steps; from += POINTS_A_QUERY) {
        const to = Math.min(steps, from + POINTS_A_QUERY)
        const { result } = (await ask(asked, from, to)).data
        refuseSeconds(result, source)
        for (const series of result) {
          const service = serviceOf(series.metric, source)
          const grid = gridByService.get(service) ?? new Float64Array(steps).fill(Number.NaN)
          gridByService.set(service, grid)
          fill(grid, series.values, { firstMs, stepMs })
        }
      }
      const atMs = Float64Array.from({ length: steps }, (_, i) => firstMs + i * stepMs)
      const readings: Readings[] = [...gridByService]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([service, values]) => ({ service, metric, atMs, values }))
      return { readings, stepMs }
    },
  }
}

/** A point at the end of a step is that step's value. */
function fill(
  grid: Float64Array,
  points: readonly (readonly [atSeconds: number, text: string])[],
  { firstMs, stepMs }: { readonly firstMs: number; readonly stepMs: number },
): void {
  for (const [atSeconds, text] of points) {
    const step = Math.round((atSeconds * 1000 - firstMs) / stepMs) - 1
    if (step >= 0 && step < grid.length) grid[step] = finite(text)
  }
}

/** Values of the steps from … to − 1, asked for at their ends. */
async function ask(
  asked: { readonly source: PrometheusSource; readonly way: Way; readonly firstMs: number },
  from: number,
  to: number,
): Promise<z.infer<typeof Answer>> {
  const { source, way, firstMs } = asked
  const { url, query, stepMs } = source
  const body = new URLSearchParams({
    query,
    start: String((firstMs + (from + 1) * stepMs) / 1000),
    end: String((firstMs + to * stepMs) / 1000),
    step: String(stepMs / 1000),
  })
  const answer = await post(way, source, body)
  const refusal = Refusal.safeParse(answer.value)
  if (refusal.success) {
    const { errorType, error } = refusal.data
    if (OF_THE_QUERY.includes(errorType)) throw new DatasetError('query', query, `PromQL: ${error}`)
    throw new DatasetUnreachable(`${url} could not answer: ${errorType}: ${error}`)
  }
  const parsed = Answer.safeParse(answer.value)
  if (parsed.success) return parsed.data
  throw new DatasetUnreachable(`${url} does not answer like Prometheus: HTTP ${answer.status}`, {
    cause: parsed.error,
  })
}

async function post(
  way: Way,
  { url: server, timeoutMs, token }: PrometheusSource,
  body: URLSearchParams,
): Promise<{ status: number; value: unknown }> {
  const url = `${server.replace(/\/+$/, '')}/api/v1/query_range`
  try {
    const response = await way.fetch(url, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(timeoutMs),
      ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    })
    const text = await response.text()
    return { status: response.status, value: jsonOrText(text) }
  } catch (cause) {
    const late = cause instanceof Error && cause.name === 'TimeoutError'
    const why = late ? `no answer within ${timeoutMs / 1000} s` : rootMessage(cause)
    throw new DatasetUnreachable(`${url} could not be reached: ${why}`, { cause })
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function serviceOf(
  labels: Readonly<Record<string, string>>,
  { serviceLabel, service }: PrometheusSource,
): ServiceId {
  const name = labels[serviceLabel]
  return name === undefined && service !== undefined ? service : readService(name, serviceLabel)
}

/** Two series of one service would silently overwrite one another. */
function refuseSeconds(
  result: readonly { readonly metric: Readonly<Record<string, string>> }[],
  source: PrometheusSource,
): void {
  const services = result.map(({ metric }) => serviceOf(metric, source))
  const twice = services.find((service, i) => services.indexOf(service) < i)
  if (twice === undefined) return
  const allowed = `one series a service, as sum by (${source.serviceLabel}) (…) gives; ${twice} has several`
  throw new DatasetError('query', source.query, allowed)
}

/** "NaN", "+Inf" and "-Inf" are missing values. */
function finite(text: string): number {
  const value = Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}
