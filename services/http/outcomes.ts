/** What was measured after each tick. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { seenBy } from './callers.ts'
import * as examples from './examples.ts'
import { reads } from './permission.ts'
import { invalidRequest } from './problem.ts'
import { strict, TimeText } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { items, OutcomeView } from './views.ts'

const HOUR_MS = 3_600_000
const LONGEST_RANGE_MS = 7 * 24 * HOUR_MS

const listOutcomes = createRoute({
  method: 'get',
  path: '/v1/outcomes',
  ...reads('filtered'),
  tags: ['models'],
  summary: 'What was measured after each tick',
  description: 'Without `to` up to now, without `from` the hour before it; at most seven days.',
  request: {
    query: strict({
      service: ServiceId.optional().openapi({ example: 'search' }),
      from: TimeText.optional(),
      to: TimeText.optional(),
    }),
  },
  responses: {
    200: json(items(OutcomeView), 'Load, violations and cost.', { items: [examples.outcome] }),
    ...problems('invalid-request'),
  },
})

export function outcomeRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  app.openapi(listOutcomes, async (c) => {
    const query = c.req.valid('query')
    const toMs = query.to ?? control.nowMs() + 1
    const fromMs = query.from ?? toMs - HOUR_MS
    if (fromMs >= toMs || toMs - fromMs > LONGEST_RANGE_MS) {
      const allowed = `a time before to (${toMs}) and at most ${LONGEST_RANGE_MS} ms before it`
      throw invalidRequest([{ field: 'from', value: fromMs, allowed }])
    }
    const rows = await ledger.outcomes({ service: query.service, fromMs, toMs })
    return c.json({ items: rows.filter(seenBy(c)) }, 200)
  })
}
