/** The Prometheus page. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { MetricsPage } from '../telemetry/metrics.ts'
import { reads } from './permission.ts'
import { NoQuery } from './query.ts'
import { problems } from './route.ts'

const readMetrics = createRoute({
  method: 'get',
  path: '/metrics',
  ...reads('fleet'),
  tags: ['health'],
  summary: 'Metrics in the Prometheus text format',
  description: 'A series whose value is unknown or expired is left out, never NaN and never stale.',
  request: { query: NoQuery },
  responses: {
    200: {
      description: 'Prometheus text format 0.0.4.',
      content: {
        'text/plain': {
          schema: z.string(),
          example:
            '# HELP forescale_ready_replicas Replicas that serve.\n# TYPE forescale_ready_replicas gauge\nforescale_ready_replicas{service="search"} 4\n',
        },
      },
    },
    ...problems('invalid-request'),
  },
})

export function metricsRoutes(app: OpenAPIHono, page: MetricsPage): void {
  app.openapi(readMetrics, async (c) =>
    c.text(await page.text(), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  )
}
