/** Signing in on the dashboard: a key or token is shown once, a cookie that no script can read stands for it. */
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { rangesOf } from '../../datasets/outbound/networks.ts'
import type { Caller } from '../access/caller.ts'
import { GroupName, Role } from '../access/role.ts'
import type { Session } from '../access/sessions.ts'
import { addressOf, type Door, refuseBlocked, SESSION_COOKIE, unauthenticated } from './door.ts'
import { OPEN } from './permission.ts'
import { NoQuery, strict } from './query.ts'
import { body, json, problems } from './route.ts'

const tags = ['access']
const LONGEST_TOKEN = 8192

const SessionView = z
  .strictObject({
    required: z.boolean().meta({ description: 'Whether a caller has to say who it is.' }),
    caller: z
      .strictObject({ actor: z.string(), role: Role, groups: z.array(GroupName).nullable() })
      .nullable()
      .meta({ description: 'Who is signed in; null: nobody.' }),
    csrfToken: z
      .string()
      .nullable()
      .meta({ description: 'To be sent as x-csrf-token with every change.' }),
  })
  .meta({ id: 'Session' })
type SessionView = z.infer<typeof SessionView>

const SIGNED_IN: SessionView = {
  required: true,
  caller: { actor: 'key:ann', role: 'operator', groups: null },
  csrfToken: 'pBsv2wE8vJmH0l6nQ1c4yQ9t7uXzKfRaTgD3oYiLe5M',
}

const SignIn = strict({
  token: z.string().min(1).max(LONGEST_TOKEN).openapi({ description: 'An API key or a token.' }),
}).meta({ id: 'SignIn' })

const readSession = createRoute({
  method: 'get',
  path: '/v1/session',
  ...OPEN,
  tags,
  summary: 'Who is signed in on this browser',
  request: { query: NoQuery },
  responses: {
    200: json(SessionView, 'Who, and whether that is needed at all.', SIGNED_IN),
    ...problems('invalid-request'),
  },
})

const signIn = createRoute({
  method: 'post',
  path: '/v1/session',
  ...OPEN,
  tags,
  summary: 'Sign in with a key or token',
  description: 'Answers with a cookie (HttpOnly, SameSite=Strict) that stands for it.',
  request: { query: NoQuery, ...body(SignIn, { token: `fsk_0123456789ab_${'x'.repeat(43)}` }) },
  responses: {
    200: json(SessionView, 'Signed in.', SIGNED_IN),
    ...problems('invalid-request', 'unauthenticated', 'unsupported-media-type'),
  },
})

const signOut = createRoute({
  method: 'delete',
  path: '/v1/session',
  ...OPEN,
  tags,
  summary: 'Sign out',
  request: { query: NoQuery },
  responses: { 204: { description: 'Signed out.' }, ...problems('invalid-request') },
})

export function sessionRoutes(app: OpenAPIHono, door: Door): void {
  const { access, limits, audit } = door
  const trusted = rangesOf(door.trustedProxies)
  const view = (caller: Caller | undefined, session: Session | undefined): SessionView => ({
    required: access.required(),
    caller: caller
      ? { actor: caller.actor, role: caller.role, groups: caller.groups && [...caller.groups] }
      : null,
    csrfToken: session?.csrfToken ?? null,
  })
  app.openapi(readSession, async (c) => {
    const session = access.sessions.find(getCookie(c, SESSION_COOKIE) ?? '')
    const caller = await session?.caller()
    return c.json(view(caller, caller && session), 200)
  })
  app.openapi(signIn, async (c) => {
    const address = addressOf(c, trusted)
    await refuseBlocked(door, address)
    const opened = await access.signIn(c.req.valid('json').token)
    if (opened === undefined) {
      await limits.failed(address)
      throw unauthenticated('token: it is wrong, has ended, or has no role here')
    }
    const { caller, session, secret } = opened
    await audit.append({ actor: caller.actor, action: 'session.open', target: null, detail: {} })
    setCookie(c, SESSION_COOKIE, secret, {
      ...cookieOptions(c),
      expires: new Date(session.endsAtMs),
    })
    return c.json(view(caller, session), 200)
  })
  app.openapi(signOut, (c) => {
    access.sessions.close(getCookie(c, SESSION_COOKIE) ?? '')
    deleteCookie(c, SESSION_COOKIE, cookieOptions(c))
    return c.body(null, 204)
  })
}

const cookieOptions = (c: Context) =>
  ({
    ...({ httpOnly: true, sameSite: 'Strict', path: '/' } as const),
    secure: new URL(c.req.url).protocol === 'https:',
  }) as const
