/** Samples come in: a JSON batch or Influx line protocol. What cannot be stored is counted by reason, never lost silently. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import {
  LineProtocolError,
  PRECISIONS,
  type Precision,
  readLineProtocol,
} from '../stores/line-protocol.ts'
import { Sample } from '../stores/sample-store.ts'
import { seenBy } from './callers.ts'
import { feeds } from './permission.ts'
import { invalidRequest } from './problem.ts'
import { strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { SampleReport } from './views.ts'

const MOST_SAMPLES = 100_000
const UNKNOWN_SERVICE = 'unknown-service'
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
    'A batch in JSON, or Influx line protocol as text/plain: the tag `service` names the service and is the only tag, each field is a metric, and the field `value` is the metric that the measurement names. A malformed batch is refused whole; well-formed samples that cannot be stored are counted by reason (unknown-service, not-finite, negative, far-future, too-old, bad-time). At most 100,000 samples and 8 MB.',
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
  app.openapi(pushSamples, async (c) => {
    const { precision } = c.req.valid('query')
    const samples = isPlainText(c.req.header('content-type'))
      ? fromLines(await c.req.text(), control.nowMs(), precision)
      : fromJson(c.req.valid('json'), precision)
    const { services } = control.config()
    const mayTell = seenBy(c)
    const known = samples.filter((row) => Object.hasOwn(services, row.service) && mayTell(row))
    const { accepted, rejected } = await control.ingest(known)
    const reasons: Record<string, number> = { ...rejected }
    const unknown = samples.length - known.length
    if (unknown > 0) {
      reasons[UNKNOWN_SERVICE] = unknown
      refusedSamples.set(UNKNOWN_SERVICE, (refusedSamples.get(UNKNOWN_SERVICE) ?? 0) + unknown)
    }
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

function fromLines(text: string, nowMs: number, precision: Precision | undefined): Sample[] {
  const samples = readLines(text, nowMs, precision)
  if (samples.length > 0 && samples.length <= MOST_SAMPLES) return samples
  const allowed = `1 to ${MOST_SAMPLES} samples`
  throw invalidRequest([{ field: 'body', value: `${samples.length} samples`, allowed }])
}

function readLines(text: string, nowMs: number, precision: Precision | undefined): Sample[] {
  try {
    return readLineProtocol(text, { precision, nowMs })
  } catch (error) {
    if (!(error instanceof LineProtocolError)) throw error
    const { lineNumber, text: value, allowed } = error
    throw invalidRequest([{ field: `line ${lineNumber}`, value, allowed }])
  }
}
