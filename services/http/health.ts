/** Liveness (does the process answer) and readiness (can it do its work), kept apart on purpose. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { OPEN } from './permission.ts'
import { NoQuery, strict } from './query.ts'
import { json, problems, type RouteDeps } from './route.ts'

const tags = ['health']
const Liveness = z.strictObject({ status: z.literal('alive') }).meta({ id: 'Liveness' })
const Readiness = z
  .strictObject({
    status: z.enum(['ready', 'not-ready']),
    checks: z
      .array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() }))
      .meta({ description: 'All checks with ?verbose, else only those that fail.' }),
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
    200: json(Readiness, 'Ready.', {
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
    const checks = await control.health()
    const failing = checks.filter((check) => !check.ok)
    const shown = verbose === undefined || verbose === 'false' ? failing : [...checks]
    if (failing.length > 0) return c.json({ status: 'not-ready' as const, checks: shown }, 503)
    return c.json({ status: 'ready' as const, checks: shown }, 200)
  })
}
