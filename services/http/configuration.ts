/** The configuration as it was resolved, and its reload. */

import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppConfig } from '../config.ts'
import { needRestart } from '../config-restart.ts'
import { secrets } from '../telemetry/secrets.ts'
import { actorOf } from './callers.ts'
import { CONFIG_EXAMPLE } from './examples.ts'
import { acts, reads } from './permission.ts'
import { NoBody, NoQuery } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'

const ReloadReport = z
  .strictObject({
    reloaded: z.literal(true),
    needRestart: z.array(z.string()).meta({
      description: 'Settings that have changed since the start and hold only from the next one.',
    }),
  })
  .meta({ id: 'ReloadReport', description: 'The changed configuration is in force.' })

const readConfig = createRoute({
  method: 'get',
  path: '/v1/config',
  ...reads('fleet', 'operator'),
  tags: ['config'],
  summary: 'The configuration in force, with all defaults',
  request: { query: NoQuery },
  responses: {
    200: json(AppConfig, 'Every field, defaults included.', CONFIG_EXAMPLE),
    ...problems('invalid-request'),
  },
})

const reloadConfig = createRoute({
  method: 'post',
  path: '/v1/config/reload',
  ...acts('admin', 'fleet', 'config.reload'),
  tags: ['config'],
  summary: 'Read the configuration file again',
  description: 'Validated first: when it is wrong the old configuration stays in force.',
  request: { query: NoQuery, body: NoBody },
  responses: {
    200: json(ReloadReport, 'Taken over.', { reloaded: true, needRestart: ['jobs.redis'] }),
    ...problems('invalid-request', 'invalid-config', 'conflict', 'unsupported-media-type'),
  },
})

export function configurationRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  const started = control.config()
  app.openapi(readConfig, (c) => {
    const shown = secrets.hide(JSON.stringify(control.config()))
    return c.json(JSON.parse(shown) as AppConfig, 200)
  })
  app.openapi(reloadConfig, async (c) => {
    await control.reloadConfig(actorOf(c))
    const restart = needRestart(started, control.config())
    return c.json({ reloaded: true, needRestart: restart } as const, 200)
  })
}
