/** The cost budget: read it, change it. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { BudgetAmount } from '../budget/config.ts'
import { BudgetView } from '../control-plane.ts'
import { actorOf } from './callers.ts'
import * as examples from './examples.ts'
import { acts, reads } from './permission.ts'
import { NoQuery, strict } from './query.ts'
import { body, json, problems, type RouteDeps } from './route.ts'

const FIELDS = 'at least one of costBudgetPerHour, perDay, perMonth'

const BudgetRequest = strict({
  costBudgetPerHour: z
    .number()
    .positive()
    .max(1e9)
    .optional()
    .openapi({ description: 'Cost of all replicas together, $/hour.' }),
  perDay: BudgetAmount.nullable()
    .optional()
    .openapi({ description: '$ that must last for a day; null: no longer any.' }),
  perMonth: BudgetAmount.nullable()
    .optional()
    .openapi({ description: '$ that must last for a month; null: no longer any.' }),
})
  .refine((body) => Object.values(body).some((value) => value !== undefined), { error: FIELDS })
  .meta({ id: 'BudgetRequest', minProperties: 1 })

const readBudget = createRoute({
  method: 'get',
  path: '/v1/budget',
  ...reads('none'),
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
  ...acts('admin', 'fleet', 'budget.change'),
  tags: ['budget'],
  summary: 'Change the budget',
  description:
    'In force from the next tick on; kept over restarts; in the audit trail. An amount for a day or a month is paced: spent where it avoids most loss, and never before its time.',
  request: { query: NoQuery, ...body(BudgetRequest, { costBudgetPerHour: 1.6 }) },
  responses: {
    200: json(BudgetView, 'The budget as it stands now.', examples.budget),
    ...problems('invalid-request', 'unsupported-media-type'),
  },
})

export function budgetRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readBudget, (c) => c.json(control.budget(), 200))
  app.openapi(changeBudget, async (c) => {
    const { costBudgetPerHour, perDay, perMonth } = c.req.valid('json')
    if (costBudgetPerHour !== undefined) await control.setBudget(costBudgetPerHour, actorOf(c))
    if (perDay !== undefined) await control.setAmount('day', perDay, actorOf(c))
    if (perMonth !== undefined) await control.setAmount('month', perMonth, actorOf(c))
    return c.json(control.budget(), 200)
  })
}
