/** Samples come in: a JSON batch or Influx line protocol. What cannot be stored is counted by reason, never lost silently. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  LineProtocolError,
  PRECISIONS,
  type Precision,
  readLineProtocol,
  type TaggedSample,
} from '../stores/line-protocol.ts'
import { createOrigins } from '../stores/origins.ts'
import { Sample } from '../stores/sample-store.ts'
import { seenBy } from './callers.ts'
import { feeds } from './permission.ts'
import { invalidRequest } from './problem.ts'
import { strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { SampleReport } from './views.ts'

const MOST_SAMPLES = 100_000
const UNKNOWN_SERVICE = 'unknown-service'
const SEVERAL_SERIES = 'several-series'
const LINES_EXAMPLE =
  'shop,service=search requests_per_second=45.2,latency_p95_seconds=0.21 1795248000000000000'

const SampleBatch = strict({ samples: z.array(Sample).max(MOST_SAMPLES) }).meta({
  id: 'SampleBatch',
})
type SampleBatch = z.infer<typeof SampleBatch>

const PrecisionQuery = strict({
  precision: z.enum(PRECISIONS).optional().openapi({
    description: 'Unit of the timestamps of line protocol; ns when absent. Not for JSON.',
    example: 'ns',
  }),
})

const pushSamples = createRoute({
  method: 'post',
  path: '/v1/samples',
  ...feeds('filtered'),
  tags: ['samples'],
  summary: 'Push samples',
  description:
    'A batch in JSON, or Influx line protocol as text/plain: the tag `service` (ingest.serviceTag) names the service, each field is a metric, and the field `value` is the metric that the measurement names. Other tags may be there, but a metric of a service comes from one series: samples of a second one are refused (several-series), for the half of a load is no load; tags of ingest.ignoreTags make no other series. gzip is read. A malformed batch is refused whole; well-formed samples that cannot be stored are counted by reason (unknown-service, several-series, not-finite, negative, far-future, too-old, bad-time, read-only). At most 100,000 samples and 8 MB.',
  request: {
    query: PrecisionQuery,
    body: {
      content: {
        'application/json': {
          schema: SampleBatch,
          example: {
            samples: [
              {
                service: 'search',
                metric: 'requests_per_second',
                atMs: 1_795_248_000_000,
                value: 45.2,
              },
            ],
          },
        },
        'text/plain': { schema: z.string(), example: LINES_EXAMPLE },
      },
    },
  },
  responses: {
    200: json(SampleReport, 'How many were stored.', { accepted: 1, rejected: {} }),
    ...problems('invalid-request', 'body-too-large', 'unsupported-media-type'),
  },
})

export function sampleRoutes(app: OpenAPIHono, { control, refusedSamples }: RouteDeps): void {
  const origins = createOrigins()
  const count = (reasons: Record<string, number>, reason: string, n: number): void => {
    if (n === 0) return
    reasons[reason] = n
    refusedSamples.set(reason, (refusedSamples.get(reason) ?? 0) + n)
  }
  app.openapi(pushSamples, async (c) => {
    const { precision } = c.req.valid('query')
    const { services, ingest } = control.config()
    const all = isPlainText(c.req.header('content-type'))
      ? fromLines(await c.req.text(), { nowMs: control.nowMs(), precision, ...ingest })
      : fromJson(c.req.valid('json'), precision).map((sample) => ({ sample, origin: undefined }))
    const mayTell = seenBy(c)
    const known = all.filter(
      ({ sample }) => Object.hasOwn(services, sample.service) && mayTell(sample),
    )
    const admitted = known.filter(
      ({ sample: { service, metric, atMs }, origin }) =>
        origin === undefined || origins.admit(service, metric, origin, atMs),
    )
    const { accepted, rejected } = await control.ingest(admitted.map(({ sample }) => sample))
    const reasons: Record<string, number> = { ...rejected }
    count(reasons, UNKNOWN_SERVICE, all.length - known.length)
    count(reasons, SEVERAL_SERIES, known.length - admitted.length)
    return c.json({ accepted, rejected: reasons }, 200)
  })
}

function isPlainText(contentType: string | undefined): boolean {
  return /^\s*text\/plain\s*(;|$)/i.test(contentType ?? '')
}

function fromJson(batch: SampleBatch | string, precision: Precision | undefined): Sample[] {
  if (precision !== undefined) {
    const allowed = 'only with line protocol (text/plain); times in JSON are in ms'
    throw invalidRequest([{ field: 'precision', value: precision, allowed }])
  }
  if (typeof batch === 'object' && 'samples' in batch) return batch.samples
  throw invalidRequest([{ field: 'body', value: null, allowed: 'samples as JSON or as lines' }])
}

interface LinesSettings {
  readonly nowMs: number
  readonly precision: Precision | undefined
  readonly serviceTag: string
  readonly ignoreTags: readonly string[]
}

function fromLines(text: string, settings: LinesSettings): TaggedSample[] {
  const tagged = readLines(text, settings)
  if (tagged.length > 0 && tagged.length <= MOST_SAMPLES) return tagged
  const allowed = `1 to ${MOST_SAMPLES} samples`
  throw invalidRequest([{ field: 'body', value: `${tagged.length} samples`, allowed }])
}

function readLines(text: string, { ignoreTags, ...settings }: LinesSettings): TaggedSample[] {
  try {
    return readLineProtocol(text, { ...settings, ignoreTags: new Set(ignoreTags) })
  } catch (error) {
    if (!(error instanceof LineProtocolError)) throw error
    const { lineNumber, text: value, allowed } = error
    throw invalidRequest([{ field: `line ${lineNumber}`, value, allowed }])
  }
}
