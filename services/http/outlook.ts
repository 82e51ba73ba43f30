/** The outlook: demand of the coming days beside budget and bounds. */
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import { OutlookView } from '../outlook/view.ts'
import { sentencesOf } from '../outlook/words.ts'
import * as examples from './examples-alerts.ts'
import { reads } from './permission.ts'
import { integerText, strict } from './query.ts'
import { assertConfigured, json, problems, type RouteDeps } from './route.ts'

const WEEK = 7
const MOST_DAYS = 60

const readOutlook = createRoute({
  method: 'get',
  path: '/v1/outlook',
  ...reads('fleet'),
  tags: ['outlook'],
  summary: 'What the coming days ask of the budget',
  description:
    'Simulated from the days that were: level, trend, week and their uncertainty, translated by the learned capacity into replicas and cost. Made anew at most once an hour. With too few days of history there are no figures, but how many days are missing. With `service`: only that service and its risks; sums are always of all.',
  request: {
    query: strict({
      days: integerText(1, MOST_DAYS, `Days ahead; ${WEEK} when absent.`, WEEK).optional(),
      service: ServiceId.optional().openapi({ example: 'search' }),
    }),
  },
  responses: {
    200: json(OutlookView, 'Quantiles a day, risks, and both in sentences.', examples.outlook),
    ...problems('invalid-request', 'service-not-found'),
  },
})

export function outlookRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readOutlook, async (c) => {
    const { days, service } = c.req.valid('query')
    if (service !== undefined) assertConfigured(control, service)
    const view = await control.outlook(days ?? WEEK)
    return c.json(service === undefined ? view : ofService(view, service), 200)
  })
}

function ofService(view: OutlookView, service: string): OutlookView {
  const services = view.services.filter((row) => row.service === service)
  const risks = view.risks.filter((risk) => risk.service === service)
  return { ...view, services, risks, sentences: sentencesOf({ ...view, services, risks }) }
}
