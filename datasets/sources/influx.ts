/**
 * A range of InfluxDB 2 by Flux. The mean, greatest, sum or last of each step is made by the server: aggregateWindow stands
 * right behind the filter, where the storage engine takes it over. Rows are stamped with the step's begin; a step without
 * a point is not created and stays NaN.
 */
import {
  flux,
  fluxDateTime,
  fluxExpression,
  HttpError,
  InfluxDB,
  type Row,
} from '@influxdata/influxdb-client'
import { z } from 'zod'
import { LOAD_METRIC, MetricName, ServiceId } from '../../forecaster/series.ts'
import { AGGREGATIONS } from '../danfo.ts'
import { DatasetError, DatasetUnreachable } from '../dataset-error.ts'
import { ServerUrl } from '../outbound/config.ts'
import { wayTo } from '../outbound/way.ts'
import type { Readings } from '../readings.ts'
import { rootMessage } from '../traces/download.ts'
import { type Reader, rangeFields, readService, wholeSteps } from './source.ts'

export const InfluxSource = z.strictObject({
  kind: z.literal('influx'),
  url: ServerUrl.meta({ description: 'Address of the server.' }),
  org: z.string().min(1),
  bucket: z.string().min(1),
  token: z.string().min(1).meta({ description: 'Token that may read the bucket.' }),
  measurement: z.string().min(1).default(LOAD_METRIC),
  field: z.string().min(1).default('value'),
  serviceTag: z
    .string()
    .min(1)
    .default('service')
    .meta({ description: 'Tag that names the service.' }),
  services: z.array(ServiceId).min(1).optional().meta({ description: 'These services only.' }),
  metric: MetricName.default(LOAD_METRIC),
  by: z.enum(AGGREGATIONS).default('mean').meta({ description: 'What a step of points becomes.' }),
  ...rangeFields,
})
export type InfluxSource = z.infer<typeof InfluxSource>

export function createInfluxReader(source: InfluxSource): Reader {
  return {
    async read() {
      const { firstMs, steps } = wholeSteps(source)
      const { stepMs, metric, serviceTag } = source
      const gridByService = new Map<ServiceId, Float64Array>()
      for await (const row of answerOf(source, firstMs, firstMs + steps * stepMs)) {
        const { _time, _value, [serviceTag]: name } = row
        const service = readService(name, serviceTag)
        const grid = gridByService.get(service) ?? new Float64Array(steps).fill(Number.NaN)
        gridByService.set(service, grid)
        const step = Math.round((Date.parse(String(_time)) - firstMs) / stepMs)
        if (step < 0 || step >= steps || typeof _value !== 'number') continue
        if (!Number.isNaN(grid[step])) refuseSecond(service, source)
        grid[step] = _value
      }
      const atMs = Float64Array.from({ length: steps }, (_, i) => firstMs + i * stepMs)
      const readings: Readings[] = [...gridByService]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([service, values]) => ({ service, metric, atMs, values }))
      return { readings, stepMs }
    },
  }
}

/** Several series of one service would silently overwrite one another. */
function refuseSecond(service: ServiceId, { measurement, field, serviceTag }: InfluxSource): never {
  const allowed = `one series a ${serviceTag}; ${service} has several (of hosts, say): add them up first`
  throw new DatasetError('measurement, field', `${measurement}, ${field}`, allowed)
}

/** Names are quoted by the client; the aggregate's name comes from our own list. */
export function fluxOf(source: InfluxSource, fromMs: number, toMs: number): string {
  const { bucket, measurement, field, serviceTag, services, by, stepMs } = source
  // a chain of comparisons, because the storage engine does not take contains() over
  const only =
    services === undefined
      ? flux``
      : flux`\n  |> filter(fn: (r) => ${fluxExpression(services.map((one) => flux`r[${serviceTag}] == ${one}`).join(' or '))})`
  return String(flux`from(bucket: ${bucket})
  |> range(start: ${fluxDateTime(iso(fromMs))}, stop: ${fluxDateTime(iso(toMs))})
  |> filter(fn: (r) => r._measurement == ${measurement} and r._field == ${field})${only}
  |> aggregateWindow(every: ${fluxExpression(`${stepMs}ms`)}, fn: ${fluxExpression(by)}, createEmpty: false, timeSrc: "_start")
  |> keep(columns: ["_time", "_value", ${serviceTag}])`)
}

const iso = (ms: number): string => new Date(ms).toISOString()

async function* answerOf(
  source: InfluxSource,
  fromMs: number,
  toMs: number,
): AsyncGenerator<Record<string, unknown>> {
  const { url, token, org, timeoutMs } = source
  const client = new InfluxDB({
    ...{ url, token, timeout: timeoutMs },
    transportOptions: { lookup: wayTo(url).lookup },
  })
  try {
    for await (const row of client.getQueryApi(org).iterateRows(fluxOf(source, fromMs, toMs))) {
      yield objectOf(row)
    }
  } catch (cause) {
    throw failureOf(cause, source)
  }
}

const objectOf = ({ values, tableMeta }: Row): Record<string, unknown> => tableMeta.toObject(values)

function failureOf(cause: unknown, { url, org, bucket }: InfluxSource): Error {
  if (!(cause instanceof HttpError)) {
    return new DatasetUnreachable(`${url} could not be reached: ${rootMessage(cause)}`, { cause })
  }
  const said = cause.message
  if (cause.statusCode === 401) {
    return new DatasetError('token', 'the one given', `one that ${url} knows: ${said}`, { cause })
  }
  if (cause.statusCode === 404) {
    return new DatasetError('org, bucket', `${org}, ${bucket}`, `what ${url} has: ${said}`, {
      cause,
    })
  }
  return new DatasetUnreachable(`${url} refused with HTTP ${cause.statusCode}: ${said}`, { cause })
}
