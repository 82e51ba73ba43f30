/** Alerts: the list page by page, one, and its acknowledgement. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { ServiceId } from '../../forecaster/series.ts'
import { Alert, AlertKind, Severity } from '../alerts/alert.ts'
import { actorOf, seenBy } from './callers.ts'
import * as examples from './examples-alerts.ts'
import { acts, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { BooleanText, Cursor, Limit, NoBody, NoQuery, strict, TimeText } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'
import { page } from './views.ts'

const tags = ['alerts']
const PAGE_ROWS = 50
const AlertParam = strict({
  id: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'letters, digits and _ -, at most 64')
    .meta({ description: "An alert's id.", example: examples.alert.id }),
})

const listAlerts = createRoute({
  method: 'get',
  path: '/v1/alerts',
  ...reads('filtered'),
  tags,
  summary: 'Alerts, the newest first',
  request: {
    query: strict({
      open: BooleanText.optional().openapi({
        description: 'true: only those that are open; false: only those that are over.',
      }),
      severity: Severity.optional().openapi({
        description: 'This severity and those above.',
        example: 'warning',
      }),
      kind: AlertKind.optional().openapi({ example: 'spike' }),
      service: ServiceId.optional().openapi({ example: 'search' }),
      from: TimeText.optional(),
      to: TimeText.optional(),
      limit: Limit.default(PAGE_ROWS),
      cursor: Cursor.optional(),
    }),
  },
  responses: {
    200: json(page(Alert), 'One page; from and to are about when they opened.', {
      items: [examples.alert, examples.closedAlert],
      next: null,
    }),
    ...problems('invalid-request'),
  },
})

const readAlert = createRoute({
  method: 'get',
  path: '/v1/alerts/{id}',
  ...reads('filtered'),
  tags,
  summary: 'One alert',
  request: { params: AlertParam, query: NoQuery },
  responses: {
    200: json(Alert, 'As it stands.', examples.alert),
    ...problems('invalid-request', 'alert-not-found'),
  },
})

const acknowledgeAlert = createRoute({
  method: 'post',
  path: '/v1/alerts/{id}/acknowledge',
  ...acts('operator', 'filtered', 'alert.acknowledge'),
  tags,
  summary: 'Say that somebody has seen it',
  description: 'The first acknowledgement stays. The alert goes on until what it tells of is over.',
  request: { params: AlertParam, query: NoQuery, body: NoBody },
  responses: {
    200: json(Alert, 'As it stands now.', {
      ...examples.alert,
      acknowledgedAtMs: examples.alert.openedAtMs + 60_000,
      acknowledgedBy: 'key:ann',
    }),
    ...problems('invalid-request', 'alert-not-found', 'unsupported-media-type'),
  },
})

export function alertRoutes(app: OpenAPIHono, { control, ledger }: RouteDeps): void {
  async function visible(c: Context, id: string): Promise<Alert> {
    const alert = await ledger.alert(id)
    return found(alert && seenBy(c)(alert) ? alert : undefined, id)
  }
  app.openapi(listAlerts, async (c) => {
    const { open, severity, kind, service, from, to, limit, cursor } = c.req.valid('query')
    if (from !== undefined && to !== undefined && from >= to) {
      throw invalidRequest([{ field: 'from', value: from, allowed: `a time before to (${to})` }])
    }
    const rows = await ledger.alerts({
      open,
      minSeverity: severity,
      kind,
      service,
      fromMs: from,
      toMs: to,
      limit,
      cursor,
    })
    return c.json({ items: rows.items.filter(seenBy(c)), next: rows.next ?? null }, 200)
  })
  app.openapi(readAlert, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await visible(c, id), 200)
  })
  app.openapi(acknowledgeAlert, async (c) => {
    const { id } = c.req.valid('param')
    await visible(c, id)
    return c.json(found(await control.acknowledgeAlert(id, actorOf(c)), id), 200)
  })
}

function found(alert: Alert | undefined, id: string): Alert {
  if (alert) return alert
  throw new ProblemError('alert-not-found', `there is no alert "${id}" in the ledger`)
}
