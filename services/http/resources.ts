/** Requests of CPU and memory for the workloads of a cluster, by what their containers used. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { AdvisedWorkload, ResourceAdvice } from '../kubernetes/resources/view.ts'
import { seenBy } from './callers.ts'
import { resourceAdvice } from './examples-kubernetes.ts'
import { reads } from './permission.ts'
import { NoQuery } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'
import { ServiceParam } from './services.ts'
import { items } from './views.ts'

const tags = ['services']

const listResources = createRoute({
  method: 'get',
  path: '/v1/resources',
  ...reads('filtered'),
  tags,
  summary: 'Workloads whose requests can be worked out',
  description:
    'Those of `kubernetes.workloads` where `kubernetes.resources` is configured, each with the last answer that somebody asked for. Nothing is worked out by asking here.',
  request: { query: NoQuery },
  responses: {
    200: json(items(AdvisedWorkload), 'One a service that has a workload.', {
      items: [{ service: 'search', workload: resourceAdvice.workload, advice: resourceAdvice }],
    }),
    ...problems('invalid-request'),
  },
})

const readResources = createRoute({
  method: 'get',
  path: '/v1/services/{service}/resources',
  ...reads('service'),
  tags,
  summary: 'What CPU and memory its containers should request',
  description:
    'Lower bound, target and upper bound by container, as the Vertical Pod Autoscaler’s recommender works them out, from usage in Prometheus; what is requested today, what the target saves, and the lines to apply. Nothing is changed. It asks a Prometheus for days of usage, one workload at a time, and is kept for `kubernetes.resources.keepMs`.',
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(ResourceAdvice, 'The advice, or that history is too short.', resourceAdvice),
    ...problems('invalid-request', 'service-not-found', 'conflict', 'store-unavailable'),
  },
})

export function resourceRoutes(app: OpenAPIHono, { control, resources }: RouteDeps): void {
  app.openapi(listResources, (c) => c.json({ items: resources.list().filter(seenBy(c)) }, 200))
  app.openapi(readResources, async (c) => {
    const { service } = c.req.valid('param')
    assertConfigured(control, service)
    return c.json(await resources.advice(service), 200)
  })
}
