/** The configuration as it was resolved, and its reload. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppConfig } from '../config.ts'
import { CONFIG_EXAMPLE } from './examples.ts'
import { NoBody, NoQuery } from './query.ts'
import { ACTOR, json, problems, type RouteDeps } from './route.ts'

const ReloadReport = z
  .strictObject({ reloaded: z.literal(true) })
  .meta({ id: 'ReloadReport', description: 'The changed configuration is in force.' })

const readConfig = createRoute({
  method: 'get',
  path: '/v1/config',
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
  tags: ['config'],
  summary: 'Read the configuration file again',
  description: 'Validated first: when it is wrong the old configuration stays in force.',
  request: { query: NoQuery, body: NoBody },
  responses: {
    200: json(ReloadReport, 'Taken over.', { reloaded: true }),
    ...problems('invalid-request', 'invalid-config', 'conflict', 'unsupported-media-type'),
  },
})

export function configurationRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(readConfig, (c) => c.json(control.config(), 200))
  app.openapi(reloadConfig, async (c) => {
    await control.reloadConfig(ACTOR)
    return c.json({ reloaded: true } as const, 200)
  })
}
