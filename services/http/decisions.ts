/** Decisions: the newest, the history page by page, one explained in full, one decided again. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { Explanation, ReplayReport } from '../explanations/explanation.ts'
import { seenBy } from './callers.ts'
import * as examples from './examples.ts'
import { reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { BooleanText, Cursor, Limit, NoBody, NoQuery, strict, TimeText } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { items, page, StoredDecisionView } from './views.ts'

const tags = ['decisions']
const PAGE_ROWS = 50
const DecisionParam = strict({
  id: z
    .string()
    .regex(/^[\w.:-]{1,200}$/, 'letters, digits and . : _ -, at most 200')
    .meta({ description: "A decision's id.", example: examples.decision.id }),
})

const listDecisions = createRoute({
  method: 'get',
  path: '/v1/decisions',
  ...reads('filtered'),
  tags,
  summary: 'The history of decisions, newest first',
  request: {
    query: strict({
      service: ServiceId.optional().openapi({ example: 'search' }),
      from: TimeText.optional(),
      to: TimeText.optional(),
      changes: BooleanText.optional().openapi({
        description: 'true: only decisions that change the count.',
      }),
      limit: Limit.default(PAGE_ROWS),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(StoredDecisionView), 'One page.', {
      items: [examples.storedDecision],
      next: null,
    }),
    ...problems('invalid-request'),
  },
})

const latestDecisions = createRoute({
  method: 'get',
  path: '/v1/decisions/latest',
  ...reads('filtered'),
  tags,
  summary: 'The decisions of the last tick',
  request: { query: NoQuery },
  responses: {
    200: json(items(StoredDecisionView), 'One decision a service.', {
      items: [examples.storedDecision],
    }),
    ...problems('invalid-request'),
  },
})

const explainDecision = createRoute({
  method: 'get',
  path: '/v1/decisions/{id}',
  ...reads('filtered'),
  tags,
  summary: 'One decision with its whole explanation',
  request: { params: DecisionParam, query: NoQuery },
  responses: {
    200: json(
      Explanation,
      'Inputs, forecast, loss curve, binding constraint, counterfactual.',
      examples.explanation,
    ),
    ...problems('invalid-request', 'decision-not-found'),
  },
})

const replayDecision = createRoute({
  method: 'post',
  path: '/v1/decisions/{id}/replay',
  ...reads('filtered'),
  tags,
  summary: 'Decide a stored decision again, bit for bit',
  request: { params: DecisionParam, query: NoQuery, body: NoBody },
  responses: {
    200: json(
      ReplayReport,
      'The stored decision, the one decided now, and whether they are the same.',
      examples.replay,
    ),
    ...problems('invalid-request', 'decision-not-found', 'unsupported-media-type'),
  },
})

export function decisionRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  app.openapi(listDecisions, async (c) => {
    const { service, from, to, changes, limit, cursor } = c.req.valid('query')
    if (from !== undefined && to !== undefined && from >= to) {
      throw invalidRequest([{ field: 'from', value: from, allowed: `a time before to (${to})` }])
    }
    const rows = await ledger.decisions({
      service,
      fromMs: from,
      toMs: to,
      changesOnly: changes,
      limit,
      cursor,
    })
    return c.json({ items: rows.items.filter(seenBy(c)), next: rows.next ?? null }, 200)
  })
  app.openapi(latestDecisions, async (c) => {
    const last = await ledger.lastTick()
    const rows = last ? await ledger.decisionsOfTick(last.tick) : []
    return c.json({ items: rows.filter(seenBy(c)) }, 200)
  })
  app.openapi(explainDecision, async (c) => {
    const { id } = c.req.valid('param')
    const explained = await control.explain(id)
    const seen = explained && seenBy(c)(explained.decision) ? explained : undefined
    return c.json(found(seen, id), 200)
  })
  app.openapi(replayDecision, async (c) => {
    const { id } = c.req.valid('param')
    const report = await control.replay(id)
    const seen = report && seenBy(c)(report.stored) ? report : undefined
    return c.json(found(seen, id), 200)
  })
}

function found<T>(row: T | undefined, id: string): T {
  if (row !== undefined) return row
  throw new ProblemError('decision-not-found', `there is no decision "${id}" in the ledger`)
}
