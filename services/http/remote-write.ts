/**
 * Prometheus sends what it has to `POST /api/v1/write` (remote-write 1.0). Series that the configuration maps become
 * samples; others are let go. By the specification 4xx is never sent again and 5xx is: so what can never be stored is
 * answered with 400 after the rest was stored, and a store that can promise nothing with 503.
 */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import type { AppConfig } from '../config.ts'
import type { RemoteWriteMetric } from '../stores/config.ts'
import { createOrigins, type Origins, originOf } from '../stores/origins.ts'
import type { WrittenSeries } from '../stores/remote-write.ts'
import type { Sample } from '../stores/sample-store.ts'
import { seenBy } from './callers.ts'
import { feeds } from './permission.ts'
import { invalidRequest } from './problem.ts'
import { NoQuery } from './query.ts'
import { problems, type RouteDeps } from './route.ts'

const NAME_LABEL = '__name__'

const write = createRoute({
  method: 'post',
  path: '/api/v1/write',
  ...feeds('filtered'),
  tags: ['samples'],
  summary: 'Prometheus remote-write',
  description:
    'Version 1.0 of the protocol: a WriteRequest in protobuf, compressed as a snappy block. ingest.remoteWrite.metrics says which series become which metric, and which label names the service; series that it does not name, and services that are not configured, are let go and counted. Samples may come in any order; stale markers are no samples. 400: something of it can never be stored (not-finite, negative, far-future, too-old, several-series), the rest was; it is not to be sent again. 503: nothing was stored; send it again.',
  request: {
    query: NoQuery,
    body: {
      required: true,
      content: {
        'application/x-protobuf': {
          schema: z.string().openapi({ format: 'binary' }),
          example: 'snappy(WriteRequest), as Prometheus sends it',
        },
      },
    },
  },
  responses: {
    204: { description: 'All of it was stored or let go.' },
    ...problems('invalid-request', 'body-too-large', 'unsupported-media-type', 'store-unavailable'),
  },
})

interface Refused {
  count: number
  readonly reasons: Map<string, number>
}

export function remoteWriteRoutes(app: OpenAPIHono, { control, refusedSamples }: RouteDeps): void {
  const origins = createOrigins()
  app.openapi(write, async (c) => {
    const series = await read(new Uint8Array(await c.req.arrayBuffer()))
    const refused: Refused = { count: 0, reasons: new Map() }
    const mayTell = seenBy(c)
    const samples = samplesOf(series, control.config(), origins, refused).filter(mayTell)
    const { rejected } = await control.ingest(samples)
    for (const [reason, n] of refused.reasons)
      refusedSamples.set(reason, (refusedSamples.get(reason) ?? 0) + n)
    const never: Record<string, number> = { ...Object.fromEntries(refused.reasons), ...rejected }
    delete never['unknown-service'] // let go, as by a mapping that names it not
    if (Object.keys(never).length === 0) return c.body(null, 204)
    const value = Object.entries(never).map(([reason, n]) => `${n} ${reason}`)
    const allowed =
      'finite values ≥ 0 of one series a service, within what is kept; others were stored'
    throw invalidRequest([{ field: 'samples', value: value.join(', '), allowed }])
  })
}

/** Its protobuf and snappy are loaded for the first that is sent. */
async function read(body: Uint8Array): Promise<WrittenSeries[]> {
  const { RemoteWriteError, readRemoteWrite } = await import('../stores/remote-write.ts')
  try {
    return readRemoteWrite(body)
  } catch (error) {
    if (!(error instanceof RemoteWriteError)) throw error
    const allowed = 'a WriteRequest of remote-write 1.0 as a snappy block'
    throw invalidRequest([{ field: 'body', value: error.message, allowed }])
  }
}

function samplesOf(
  series: readonly WrittenSeries[],
  { ingest, services }: AppConfig,
  origins: Origins,
  refused: Refused,
): Sample[] {
  const mappings = Map.groupBy(ingest.remoteWrite.metrics, ({ from }) => from)
  const ignored = new Set(ingest.ignoreTags)
  const refuse = (reason: string, n: number) =>
    void refused.reasons.set(reason, (refused.reasons.get(reason) ?? 0) + n)
  return series.flatMap(({ labels, samples }) =>
    (mappings.get(labels[NAME_LABEL] ?? '') ?? []).flatMap((mapping) => {
      const service = labels[mapping.serviceLabel] ?? ''
      if (!ServiceId.safeParse(service).success || !Object.hasOwn(services, service)) {
        refuse('unknown-service', samples.length)
        return []
      }
      const origin = originOf(Object.entries(labels), ignored)
      return samplesOfSeries(samples, service, mapping, (atMs) => {
        const isFirst = origins.admit(service, mapping.metric, origin, atMs)
        if (!isFirst) refuse('several-series', 1)
        return isFirst
      })
    }),
  )
}

function samplesOfSeries(
  samples: WrittenSeries['samples'],
  service: ServiceId,
  { metric, scale }: RemoteWriteMetric,
  isAdmitted: (atMs: number) => boolean,
): Sample[] {
  return samples.flatMap(({ atMs, value }) =>
    isAdmitted(atMs) ? [{ service, metric, atMs, value: value * scale }] : [],
  )
}
