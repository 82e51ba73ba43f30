/** Who may act: modes, the pause, and which policy acts for which service. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi'
import { policyOf } from '../../agents/policies/registry.ts'
import { Mode, PolicyKind } from '../../agents/service-spec.ts'
import { type ControlPlane, ServiceStatus } from '../control-plane.ts'
import { actorOf, seenBy } from './callers.ts'
import * as examples from './examples.ts'
import { type AuditAction, acts, reads } from './permission.ts'
import { NoBody, NoQuery, strict } from './query.ts'
import { assertConfigured, body, json, problems, type RouteDeps, requireService } from './route.ts'
import { ServiceParam } from './services.ts'
import { items, ModeView, StrategyView } from './views.ts'

const tags = ['modes']
const ModeRequest = strict({ mode: Mode }).meta({ id: 'ModeRequest' })
const PolicyRequest = strict({ policy: PolicyKind }).meta({ id: 'PolicyRequest' })

const readMode = createRoute({
  method: 'get',
  path: '/v1/mode',
  ...reads('none'),
  tags,
  summary: 'The global mode',
  request: { query: NoQuery },
  responses: {
    200: json(ModeView, 'Mode and pause.', { mode: 'recommend', paused: false }),
    ...problems('invalid-request'),
  },
})

const changeMode = createRoute({
  method: 'put',
  path: '/v1/mode',
  ...acts('operator', 'fleet', 'mode.change'),
  tags,
  summary: 'Change the global mode',
  request: { query: NoQuery, ...body(ModeRequest, { mode: 'recommend' }) },
  responses: {
    200: json(ModeView, 'Mode and pause now.', { mode: 'recommend', paused: false }),
    ...problems('invalid-request', 'unsupported-media-type'),
  },
})

const changeServiceMode = createRoute({
  method: 'put',
  path: '/v1/services/{service}/mode',
  ...acts('operator', 'service', 'mode.change'),
  tags,
  summary: "Change one service's mode",
  description: 'A service may be set lower than the global mode, never higher in effect.',
  request: { params: ServiceParam, query: NoQuery, ...body(ModeRequest, { mode: 'recommend' }) },
  responses: {
    200: json(ServiceStatus, 'The service now.', { ...examples.serviceStatus, mode: 'recommend' }),
    ...problems('invalid-request', 'service-not-found', 'unsupported-media-type'),
  },
})

const changePolicy = createRoute({
  method: 'put',
  path: '/v1/services/{service}/policy',
  ...acts('operator', 'service', 'policy.change'),
  tags: ['strategies'],
  summary: "Change one service's policy",
  request: { params: ServiceParam, query: NoQuery, ...body(PolicyRequest, { policy: 'reactive' }) },
  responses: {
    200: json(ServiceStatus, 'The service now.', { ...examples.serviceStatus, policy: 'reactive' }),
    ...problems('invalid-request', 'service-not-found', 'unsupported-media-type'),
  },
})

const listStrategies = createRoute({
  method: 'get',
  path: '/v1/strategies',
  ...reads('filtered'),
  tags: ['strategies'],
  summary: 'The policies, and the services each acts for',
  request: { query: NoQuery },
  responses: {
    200: json(items(StrategyView), 'Every registered policy.', {
      items: [
        {
          policy: 'predictive',
          description: policyOf('predictive').description,
          services: ['search'],
        },
        { policy: 'learned', description: policyOf('learned').description, services: [] },
        { policy: 'reactive', description: policyOf('reactive').description, services: [] },
      ],
    }),
    ...problems('invalid-request'),
  },
})

const command = (
  path: '/v1/pause' | '/v1/resume',
  summary: string,
  paused: boolean,
  action: AuditAction,
) =>
  createRoute({
    method: 'post',
    path,
    ...acts('operator', 'fleet', action),
    tags,
    summary,
    request: { query: NoQuery, body: NoBody },
    responses: {
      200: json(ModeView, 'Mode and pause now.', { mode: 'enforce', paused }),
      ...problems('invalid-request', 'unsupported-media-type'),
    },
  })

const pause = command(
  '/v1/pause',
  'Stop all writes to targets, at the latest within one tick',
  true,
  'pause.set',
)
const resume = command('/v1/resume', 'Allow writes again', false, 'pause.lift')

function modeOf(control: ControlPlane) {
  const leadership = control.leadership?.()
  return {
    mode: control.mode(),
    paused: control.paused(),
    ...(leadership ? { leadership } : {}),
  }
}

export function modeRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readMode, (c) => c.json(modeOf(control), 200))
  app.openapi(changeMode, async (c) => {
    await control.setMode(undefined, c.req.valid('json').mode, actorOf(c))
    return c.json(modeOf(control), 200)
  })
  app.openapi(changeServiceMode, async (c) => {
    const { service } = c.req.valid('param')
    assertConfigured(control, service)
    await control.setMode(service, c.req.valid('json').mode, actorOf(c))
    return c.json(requireService(control, service), 200)
  })
  app.openapi(changePolicy, async (c) => {
    const { service } = c.req.valid('param')
    assertConfigured(control, service)
    await control.setPolicy(service, c.req.valid('json').policy, actorOf(c))
    return c.json(requireService(control, service), 200)
  })
  app.openapi(listStrategies, (c) => {
    const services = control.services().filter(seenBy(c))
    const strategies = PolicyKind.options.map((policy) => ({
      policy,
      description: policyOf(policy).description,
      services: services.filter((row) => row.policy === policy).map((row) => row.service),
    }))
    return c.json({ items: strategies }, 200)
  })
  app.openapi(pause, async (c) => {
    await control.setPaused(true, actorOf(c))
    return c.json(modeOf(control), 200)
  })
  app.openapi(resume, async (c) => {
    await control.setPaused(false, actorOf(c))
    return c.json(modeOf(control), 200)
  })
}
