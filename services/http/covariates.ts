/** Events known in advance: list, store, remove. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ServiceId } from '../../forecaster/series.ts'
import {
  CovariateEvent,
  eventFields,
  LONGEST_EVENT_MS,
  type NewEvent,
} from '../covariates/event.ts'
import { actorOf } from './callers.ts'
import * as examples from './examples-covariates.ts'
import { acts, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { NoQuery, strict, TimeText, TimeValue } from './query.ts'
import { assertConfigured, body, json, problems, type RouteDeps } from './route.ts'
import { items } from './views.ts'

const tags = ['covariates']
const DAY_MS = 24 * 60 * 60 * 1000
const PAST_MS = 28 * DAY_MS
const AHEAD_MS = 60 * DAY_MS
const LONGEST_RANGE_MS = 731 * DAY_MS
const MOST_EVENTS = 1000

const EventRequest = strict({ ...eventFields, from: TimeValue, to: TimeValue }).meta({
  id: 'CovariateEventRequest',
})
type EventRequest = z.infer<typeof EventRequest>
const EventsRequest = strict({ events: z.array(EventRequest).min(1).max(MOST_EVENTS) }).meta({
  id: 'CovariateEventsRequest',
})
const EventParam = strict({
  id: z
    .string()
    .regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits')
    .meta({ description: "An event's id.", example: examples.event.id }),
})

const listEvents = createRoute({
  method: 'get',
  path: '/v1/covariates',
  ...reads('fleet'),
  tags,
  summary: 'Events known in advance, by their beginning',
  description:
    'Campaigns, releases and the like that were stored, and holidays where a country is configured. Without `from` from 28 days ago, without `to` up to 60 days ahead; at most two years.',
  request: {
    query: strict({
      service: ServiceId.optional().openapi({
        description: 'Those that may act on this service.',
        example: 'search',
      }),
      from: TimeText.optional(),
      to: TimeText.optional(),
    }),
  },
  responses: {
    200: json(items(CovariateEvent), 'Each event.', { items: [examples.event] }),
    ...problems('invalid-request', 'service-not-found'),
  },
})

const storeEvents = createRoute({
  method: 'post',
  path: '/v1/covariates',
  ...acts('operator', 'fleet', 'covariates.store'),
  tags,
  summary: 'Store events',
  description: `An event given again (same name, service and beginning) replaces the one that is there. What events of a name do to a load is learned when its model is next fitted, from those of its history: at least two, better three; a forecast heeds those ahead at once, once that is known. At most ${MOST_EVENTS} events.`,
  request: { query: NoQuery, ...body(EventsRequest, { events: [examples.eventRequest] }) },
  responses: {
    200: json(items(CovariateEvent), 'The events as they are stored.', { items: [examples.event] }),
    ...problems('invalid-request', 'service-not-found', 'unsupported-media-type'),
  },
})

const removeEvent = createRoute({
  method: 'delete',
  path: '/v1/covariates/{id}',
  ...acts('operator', 'fleet', 'covariates.remove'),
  tags,
  summary: 'Remove an event',
  description: 'One that did not take place, or will not. Holidays are a matter of configuration.',
  request: { params: EventParam, query: NoQuery },
  responses: {
    200: json(CovariateEvent, 'The event that was removed.', examples.event),
    ...problems('invalid-request', 'covariate-not-found'),
  },
})

export function covariateRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(listEvents, (c) => {
    const { service, from, to } = c.req.valid('query')
    if (service !== undefined) assertConfigured(control, service)
    const fromMs = from ?? (to ?? control.nowMs()) - PAST_MS
    const toMs = to ?? Math.max(control.nowMs(), fromMs) + AHEAD_MS
    if (fromMs >= toMs || toMs - fromMs > LONGEST_RANGE_MS) {
      const allowed = `a time before to (${toMs}) and at most ${LONGEST_RANGE_MS} ms before it`
      throw invalidRequest([{ field: 'from', value: fromMs, allowed }])
    }
    const events = control.covariates
      .events(fromMs, toMs)
      .filter((event) => service === undefined || (event.service ?? service) === service)
    return c.json({ items: events }, 200)
  })
  app.openapi(storeEvents, async (c) => {
    const events = c.req.valid('json').events.map((event, i) => checked(event, i))
    for (const { service } of events) if (service !== null) assertConfigured(control, service)
    return c.json({ items: [...(await control.covariates.put(events, actorOf(c)))] }, 200)
  })
  app.openapi(removeEvent, async (c) => {
    const { id } = c.req.valid('param')
    const removed = await control.covariates.remove(id, actorOf(c))
    if (!removed) throw new ProblemError('covariate-not-found', `no event "${id}" is stored`)
    return c.json(removed, 200)
  })
}

function checked({ from, to, ...event }: EventRequest, i: number): NewEvent {
  if (from < to && to - from <= LONGEST_EVENT_MS) return { ...event, fromMs: from, toMs: to }
  const allowed = `a time after from (${from}), at most ${LONGEST_EVENT_MS} ms after it`
  throw invalidRequest([{ field: `events.${i}.to`, value: to, allowed }])
}
