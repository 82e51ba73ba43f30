/** Liveness (does the process answer) and readiness (can it do its work), kept apart on purpose. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { secrets } from '../telemetry/secrets.ts'
import { OPEN } from './permission.ts'
import { NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'

const tags = ['health']
const Liveness = z.strictObject({ status: z.literal('alive') }).meta({ id: 'Liveness' })
const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'degraded', 'not-ready']).meta({
      description:
        'degraded: ticks go on, but not with all that belongs to them, as without a store.',
    }),
    checks: z
      .array(
        z.strictObject({
          name: z.string(),
          ok: z.boolean(),
          degraded: z.boolean().optional(),
          detail: z.string(),
        }),
      )
      .meta({ description: 'All checks with ?verbose, else only those that are not well.' }),
  })
  .meta({ id: 'Readiness' })

const live = createRoute({
  method: 'get',
  path: '/livez',
  ...OPEN,
  tags,
  summary: 'The process answers',
  description: 'Touches no store: a slow store must never get the process restarted.',
  request: { query: NoQuery },
  responses: {
    200: json(Liveness, 'Alive.', { status: 'alive' }),
    ...problems('invalid-request'),
  },
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  ...OPEN,
  tags,
  summary: 'The process can do its work',
  request: {
    query: strict({
      verbose: z
        .enum(['', 'true', 'false'])
        .optional()
        .openapi({ description: 'List the checks that are well, too.', example: 'true' }),
    }),
  },
  responses: {
    200: json(Readiness, 'Ready, or degraded.', {
      status: 'ready',
      checks: [{ name: 'store', ok: true, detail: 'answered in 2 ms' }],
    }),
    503: json(Readiness, 'Not ready.', {
      status: 'not-ready',
      checks: [{ name: 'ledger', ok: false, detail: 'database is locked' }],
    }),
    ...problems('invalid-request'),
  },
})

export function healthRoutes(app: OpenAPIHono, { control }: RouteDeps): void {
  app.openapi(live, (c) => c.json({ status: 'alive' } as const, 200))
  app.openapi(ready, async (c) => {
    const { verbose } = c.req.valid('query')
    const checks = (await control.health()).map((check) => ({
      ...check,
      detail: secrets.hide(check.detail),
    }))
    const unwell = checks.filter((check) => !check.ok || check.degraded)
    const shown = verbose === undefined || verbose === 'false' ? unwell : [...checks]
    if (checks.some((check) => !check.ok))
      return c.json({ status: 'not-ready' as const, checks: shown }, 503)
    const status = unwell.length > 0 ? ('degraded' as const) : ('ready' as const)
    return c.json({ status, checks: shown }, 200)
  })
}
