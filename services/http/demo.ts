/** The demo's own page: the workload, the recording that was preloaded, and spikes that start and stop. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { type DemoPort, DemoView, Spike, SpikeRequest } from './demo-port.ts'
import * as examples from './examples.ts'
import { acts, reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { NoQuery, strict } from './query.ts'
import { assertConfigured, body, json, problems, type RouteDeps } from './route.ts'

const tags = ['demo']
const SpikeParam = strict({
  id: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'letters, digits and . : _ -, at most 100')
    .meta({ description: "The spike's id.", example: examples.spike.id }),
})

const readDemo = createRoute({
  method: 'get',
  path: '/v1/demo',
  ...reads('fleet'),
  tags,
  summary: 'The demo: workload, compressed day, recording, spikes',
  request: { query: NoQuery },
  responses: {
    200: json(DemoView, 'The demo as it runs.', examples.demo),
    ...problems('invalid-request', 'shop-not-found', 'shop-unreachable'),
  },
})

const startSpike = createRoute({
  method: 'post',
  path: '/v1/demo/spikes',
  ...acts('operator', 'fleet', 'demo.start-spike'),
  tags,
  summary: 'Start a spike',
  request: {
    query: NoQuery,
    ...body(SpikeRequest, { service: 'search', factor: 3, durationMs: 60_000 }),
  },
  responses: {
    201: json(Spike, 'The spike that started.', examples.spike),
    ...problems(
      'invalid-request',
      'shop-not-found',
      'service-not-found',
      'unsupported-media-type',
      'shop-unreachable',
    ),
  },
})

const stopSpike = createRoute({
  method: 'delete',
  path: '/v1/demo/spikes/{id}',
  ...acts('operator', 'fleet', 'demo.stop-spike'),
  tags,
  summary: 'Stop a spike',
  request: { params: SpikeParam, query: NoQuery },
  responses: {
    204: { description: 'Stopped.' },
    ...problems('invalid-request', 'shop-not-found', 'spike-not-found', 'shop-unreachable'),
  },
})

export function demoRoutes(app: OpenAPIHono, deps: RouteDeps): void {
  app.openapi(readDemo, async (c) => c.json(await shop(deps).view(), 200))
  app.openapi(startSpike, async (c) => {
    const request = c.req.valid('json')
    const port = shop(deps)
    assertConfigured(deps.control, request.service)
    return c.json(await port.startSpike(request), 201)
  })
  app.openapi(stopSpike, async (c) => {
    const { id } = c.req.valid('param')
    if (await shop(deps).stopSpike(id)) return c.body(null, 204)
    throw new ProblemError('spike-not-found', `there is no spike "${id}"`)
  })
}

function shop({ demo }: RouteDeps): DemoPort {
  if (demo) return demo
  throw new ProblemError('shop-not-found', 'this controller runs without the demo shop')
}
