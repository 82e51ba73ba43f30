/** What each strategy would have made of it, and what was saved: live. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { Scoreboard } from '../selection/view.ts'
import * as examples from './examples-scoreboard.ts'
import { reads } from './permission.ts'
import { strict } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'

const readScoreboard = createRoute({
  method: 'get',
  path: '/v1/scoreboard',
  ...reads('fleet'),
  tags: ['budget'],
  summary: 'Strategies by measured regret, savings and efficiency',
  description:
    'Every strategy proposes at every tick and is judged by the load that came, as are the HPA rule and static thresholds on tracks of their own. With `selection.enabled` the strategy that acts is chosen by these losses. Sums since the service is known; with `service`: that one alone, the fleet is always all.',
  request: { query: strict({ service: ServiceId.optional().openapi({ example: 'search' }) }) },
  responses: {
    200: json(Scoreboard, 'Scores by service and of the fleet.', examples.scoreboard),
    ...problems('invalid-request', 'service-not-found'),
  },
})

export function scoreboardRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readScoreboard, (c) => {
    const { service } = c.req.valid('query')
    if (service !== undefined) assertConfigured(control, service)
    const view = control.scoreboard()
    const services = view.services.filter((row) => service === undefined || row.service === service)
    return c.json({ ...view, services }, 200)
  })
}
