/** Samples come in: a JSON batch or Influx line protocol. What cannot be stored is counted by reason, never lost silently. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { Sample } from '../stores/sample-store.ts'
import { invalidRequest } from './problem.ts'
import { NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { SampleReport } from './views.ts'

const MOST_SAMPLES = 100_000
const UNKNOWN_SERVICE = 'unknown-service'
export const LINES_EXAMPLE =
  'search requests_per_second=45.2,latency_p95_seconds=0.21 1795248000000000000'

const SampleBatch = strict({ samples: z.array(Sample).max(MOST_SAMPLES) }).meta({
  id: 'SampleBatch',
})

const pushSamples = createRoute({
  method: 'post',
  path: '/v1/samples',
  tags: ['samples'],
  summary: 'Push samples',
  description:
    'A batch in JSON, or Influx line protocol as text/plain. A malformed batch is refused whole; well-formed samples that cannot be stored are counted by reason (unknown-service, not-finite, negative, far-future, too-old, bad-time). At most 8 MB.',
  request: {
    query: NoQuery,
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
    const batch = c.req.valid('json')
    if (typeof batch !== 'object' || !('samples' in batch)) {
      throw invalidRequest([{ field: 'body', value: null, allowed: 'samples as JSON or as lines' }])
    }
    const { samples } = batch
    const { services } = control.config()
    const known = samples.filter((sample) => Object.hasOwn(services, sample.service))
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
