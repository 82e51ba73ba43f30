/** Services as they stand, and their proposals of the last tick. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { ProposalDocument } from '../../agents/proposal.ts'
import { ServiceId } from '../../forecaster/series.ts'
import { ServiceStatus } from '../control-plane.ts'
import { seenBy } from './callers.ts'
import * as examples from './examples.ts'
import { reads } from './permission.ts'
import { ProblemError } from './problem.ts'
import { NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps, requireService } from './route.ts'
import { items } from './views.ts'

export const ServiceParam = strict({ service: ServiceId.meta({ example: 'search' }) })
const tags = ['services']

const listServices = createRoute({
  method: 'get',
  path: '/v1/services',
  ...reads('filtered'),
  tags,
  summary: 'All services as they stand',
  request: { query: NoQuery },
  responses: {
    200: json(items(ServiceStatus), 'Every configured service.', {
      items: [examples.serviceStatus],
    }),
    ...problems('invalid-request'),
  },
})

const readService = createRoute({
  method: 'get',
  path: '/v1/services/{service}',
  ...reads('service'),
  tags,
  summary: 'One service as it stands',
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(ServiceStatus, 'The service.', examples.serviceStatus),
    ...problems('invalid-request', 'service-not-found'),
  },
})

const readProposal = createRoute({
  method: 'get',
  path: '/v1/services/{service}/proposal',
  ...reads('service'),
  tags: ['proposals'],
  summary: "A service's proposal of the last tick",
  request: { params: ServiceParam, query: NoQuery },
  responses: {
    200: json(ProposalDocument, 'What each replica count would lose and cost.', examples.proposal),
    ...problems('invalid-request', 'service-not-found', 'proposal-not-found'),
  },
})

const listProposals = createRoute({
  method: 'get',
  path: '/v1/proposals',
  ...reads('filtered'),
  tags: ['proposals'],
  summary: 'All proposals of the last tick',
  request: { query: NoQuery },
  responses: {
    200: json(items(ProposalDocument), 'One proposal a service.', { items: [examples.proposal] }),
    ...problems('invalid-request'),
  },
})

export function serviceRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(listServices, (c) => c.json({ items: control.services().filter(seenBy(c)) }, 200))
  app.openapi(readService, (c) =>
    c.json(requireService(control, c.req.valid('param').service), 200),
  )
  app.openapi(listProposals, (c) => c.json({ items: control.proposals().filter(seenBy(c)) }, 200))
  app.openapi(readProposal, (c) => {
    const { service } = c.req.valid('param')
    requireService(control, service)
    const proposal = control.proposals().find((row) => row.service === service)
    if (proposal) return c.json(proposal, 200)
    throw new ProblemError('proposal-not-found', `no tick has asked "${service}" yet`)
  })
}
