/** API keys for admins; on the machine itself `forescale keys` needs no API. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { ApiKey, KeyId, KeyName } from '../access/api-key.ts'
import { KeyError, type KeyRing } from '../access/key-ring.ts'
import { GroupName, Role } from '../access/role.ts'
import { actorOf } from './callers.ts'
import { apiKey, createdKey } from './examples-access.ts'
import { acts, reads } from './permission.ts'
import { invalidRequest, ProblemError } from './problem.ts'
import { NoBody, NoQuery, strict } from './query.ts'
import { body, json, problems } from './route.ts'
import { items } from './views.ts'

const tags = ['access']
const HOUR_MS = 3600_000
const YEAR_DAYS = 366
const OVERLAP_HOURS = 24

const CreatedKeyView = z
  .strictObject({
    key: ApiKey,
    token: z.string().meta({ description: 'Shown now and never again.' }),
  })
  .meta({ id: 'CreatedKey' })

const KeyRequest = strict({
  name: KeyName,
  role: Role,
  groups: z
    .array(GroupName)
    .min(1)
    .max(100)
    .nullable()
    .default(null)
    .openapi({ description: 'Groups of services (http.auth.groups); null: all services.' }),
  days: z
    .int()
    .min(1)
    .max(10 * YEAR_DAYS)
    .nullable()
    .default(90)
    .openapi({ description: 'Days until it ends; null: never.' }),
}).meta({ id: 'KeyRequest' })

const RotateRequest = strict({
  overlapHours: z
    .number()
    .min(0)
    .max(30 * 24)
    .default(OVERLAP_HOURS)
    .openapi({ description: 'How long the old key goes on to work.' }),
}).meta({ id: 'RotateRequest' })

const KeyParam = strict({
  id: KeyId.meta({ description: "The key's id.", example: apiKey.id }),
})

const listKeys = createRoute({
  method: 'get',
  path: '/v1/keys',
  ...reads('fleet', 'admin'),
  tags,
  summary: 'API keys, without their secrets',
  request: { query: NoQuery },
  responses: {
    200: json(items(ApiKey), 'In the order of their making.', { items: [apiKey] }),
    ...problems('invalid-request'),
  },
})

const createKey = createRoute({
  method: 'post',
  path: '/v1/keys',
  ...acts('admin', 'fleet', 'key.create'),
  tags,
  summary: 'Make an API key',
  request: { query: NoQuery, ...body(KeyRequest, { name: 'ci', role: 'operator', days: 90 }) },
  responses: {
    201: json(CreatedKeyView, 'The key, and the token that is shown only now.', createdKey),
    ...problems('invalid-request', 'unsupported-media-type'),
  },
})

const rotateKey = createRoute({
  method: 'post',
  path: '/v1/keys/{id}/rotate',
  ...acts('admin', 'fleet', 'key.rotate'),
  tags,
  summary: 'Replace an API key by one like it',
  request: { params: KeyParam, query: NoQuery, ...body(RotateRequest, { overlapHours: 24 }) },
  responses: {
    201: json(CreatedKeyView, 'The new key; the old one ends after the overlap.', createdKey),
    ...problems('invalid-request', 'key-not-found', 'conflict', 'unsupported-media-type'),
  },
})

const revokeKey = createRoute({
  method: 'post',
  path: '/v1/keys/{id}/revoke',
  ...acts('admin', 'fleet', 'key.revoke'),
  tags,
  summary: 'Revoke an API key',
  request: { params: KeyParam, query: NoQuery, body: NoBody },
  responses: {
    200: json(ApiKey, 'The key as it is now.', { ...apiKey, revokedAtMs: 1, revokedBy: 'key:ann' }),
    ...problems('invalid-request', 'key-not-found', 'unsupported-media-type'),
  },
})

export function keyRoutes(app: OpenAPIHono, keys: KeyRing, nowMs: () => number): void {
  app.openapi(listKeys, async (c) => c.json({ items: [...(await keys.list())] }, 200))
  app.openapi(createKey, async (c) => {
    const { name, role, groups, days } = c.req.valid('json')
    const expiresAtMs = days === null ? null : nowMs() + days * 24 * HOUR_MS
    const made = await keys.create({ name, role, groups, expiresAtMs }, actorOf(c)).catch(refuse)
    return c.json(made, 201)
  })
  app.openapi(rotateKey, async (c) => {
    const { id } = c.req.valid('param')
    const overlapMs = c.req.valid('json').overlapHours * HOUR_MS
    const made = await keys.rotate(id, overlapMs, actorOf(c)).catch((error: unknown) => {
      if (error instanceof KeyError) throw new ProblemError('conflict', error.message)
      throw error
    })
    return c.json(found(made, id), 201)
  })
  app.openapi(revokeKey, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(found(await keys.revoke(id, actorOf(c)), id), 200)
  })
}

function found<T>(row: T | undefined, id: string): T {
  if (row !== undefined) return row
  throw new ProblemError('key-not-found', `there is no key "${id}"`)
}

function refuse(error: unknown): never {
  if (!(error instanceof KeyError)) throw error
  const [field = 'groups'] = error.message.split(':')
  throw invalidRequest([{ field, value: null, allowed: error.message }])
}
