/** Which size of replica each service should run on, and why. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { RightSizingView } from '../right-sizing/view.ts'
import { rightSizing } from './examples-right-sizing.ts'
import { reads } from './permission.ts'
import { strict } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'

const readRightSizing = createRoute({
  method: 'get',
  path: '/v1/right-sizing',
  ...reads('fleet'),
  tags: ['budget'],
  summary: 'Tiers by cost over the days ahead, recommendations and changes',
  description:
    'For each service with `tiers`: what each of them would cost and violate over the window, with how many replicas; which is recommended, with lines for the configuration; what staying has cost so far; and the change under way, where `rightSizing.mode` is enforce and the target can run two tiers at once. With the actuator `caller`: run `change.replicas` of `change.to` beside the present replicas and report them as `beside`; when `tier` has become `change.to`, the old ones go.',
  request: { query: strict({ service: ServiceId.optional().openapi({ example: 'search' }) }) },
  responses: {
    200: json(RightSizingView, 'Services that have tiers.', rightSizing),
    ...problems('invalid-request', 'service-not-found'),
  },
})

export function rightSizingRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readRightSizing, (c) => {
    const { service } = c.req.valid('query')
    if (service !== undefined) assertConfigured(control, service)
    const view = control.rightSizing()
    const services = view.services.filter((row) => service === undefined || row.service === service)
    return c.json({ ...view, services }, 200)
  })
}
