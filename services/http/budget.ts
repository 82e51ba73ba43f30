/** The cost budget: read it, change it. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { BudgetView } from '../control-plane.ts'
import * as examples from './examples.ts'
import { NoQuery, strict } from './query.ts'
import { ACTOR, body, json, problems, type RouteDeps } from './route.ts'

const BudgetRequest = strict({
  costBudgetPerHour: z
    .number()
    .positive()
    .max(1e9)
    .openapi({ description: 'Cost of all replicas together, $/hour.' }),
}).meta({ id: 'BudgetRequest' })

const readBudget = createRoute({
  method: 'get',
  path: '/v1/budget',
  tags: ['budget'],
  summary: 'Budget, spend and shadow price',
  request: { query: NoQuery },
  responses: {
    200: json(BudgetView, 'The budget as it stands.', examples.budget),
    ...problems('invalid-request'),
  },
})

const changeBudget = createRoute({
  method: 'put',
  path: '/v1/budget',
  tags: ['budget'],
  summary: 'Change the budget',
  description: 'In force from the next tick on; kept over restarts; in the audit trail.',
  request: { query: NoQuery, ...body(BudgetRequest, { costBudgetPerHour: 1.6 }) },
  responses: {
    200: json(BudgetView, 'The budget as it stands now.', examples.budget),
    ...problems('invalid-request', 'unsupported-media-type'),
  },
})

export function budgetRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readBudget, (c) => c.json(control.budget(), 200))
  app.openapi(changeBudget, async (c) => {
    await control.setBudget(c.req.valid('json').costBudgetPerHour, ACTOR)
    return c.json(control.budget(), 200)
  })
}
