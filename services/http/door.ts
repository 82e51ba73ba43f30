/**
 * The door that every route is registered through: who asks, may they, how often, and a row in the audit log before
 * what they ask takes effect. Nothing is registered without a permission, so nothing can be reached without passing here.
 */
import type { HttpBindings } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler, Next } from 'hono'
import { getCookie } from 'hono/cookie'
import type { Logger } from 'pino'
import { z } from 'zod'
import { rangesOf } from '../../datasets/outbound/networks.ts'
import type { Access } from '../access/access.ts'
import { ANYBODY, type Caller } from '../access/caller.ts'
import { clientAddress } from '../access/client-address.ts'
import type { Limits } from '../access/limits.ts'
import { mayAct } from '../access/role.ts'
import { isCsrfTokenOf } from '../access/sessions.ts'
import { type AuditSink, recorded } from './audited.ts'
import type { DeclaredPaths } from './declared-paths.ts'
import { jsonGuard } from './json-guard.ts'
import { type Declared, type Permission, permissionOf } from './permission.ts'
import { methodNotAllowed, ProblemError } from './problem.ts'

export const SESSION_COOKIE = 'forescale_session'
export const CSRF_HEADER = 'x-csrf-token'
const SAFE: readonly string[] = ['GET', 'HEAD']

export interface Door {
  readonly access: Access
  readonly limits: Limits
  readonly trustedProxies: readonly string[]
  readonly audit: AuditSink
  readonly log: Logger | undefined
}

type Work = (c: Context, next: Next) => unknown

interface WithBody {
  readonly request?: {
    readonly body?: { readonly content?: Readonly<Record<string, { readonly schema?: unknown }>> }
  }
}

/** A body that was left out is the one in which every field is: with its defaults, which no validator filled in. */
function withDefaults(route: WithBody, work: Work): Work {
  const schema = route.request?.body?.content?.['application/json']?.schema
  const left = schema instanceof z.ZodType ? schema.safeParse({}) : undefined
  if (!left?.success) return work
  return (c, next) => {
    const isAbsent = c.req.header('content-type') === undefined
    if (isAbsent) c.req.addValidatedData('json', left.data as object)
    return work(c, next)
  }
}

/** From here on every route of `app` passes the door. */
export function guardRoutes(app: OpenAPIHono, door: Door, paths: DeclaredPaths): void {
  const register = app.openapi.bind(app) as (...given: unknown[]) => unknown
  const guarded = (
    route: Declared & {
      middleware?: MiddlewareHandler[]
      request?: { body?: { content?: Record<string, { schema?: unknown }> } }
    },
    handler: unknown,
    hook: unknown,
  ) => {
    const permission = permissionOf(route)
    const takesBody = route.request?.body !== undefined
    const middleware = [
      passing(route.path, permission, door, paths),
      ...(takesBody ? [jsonGuard] : []),
      ...(route.middleware ?? []),
    ]
    const work = withDefaults(route, handler as Work)
    const done =
      permission.action === undefined ? work : recorded(permission.action, work, door.audit)
    // getRoutingPath and the like stay as createRoute made them
    return register(Object.assign(Object.create(route), { ...route, middleware }), done, hook)
  }
  Object.assign(app, { openapi: guarded })
}

function passing(
  template: string,
  permission: Permission,
  door: Door,
  paths: DeclaredPaths,
): MiddlewareHandler {
  const trusted = rangesOf(door.trustedProxies)
  const { role, scope } = permission
  return async (c, next) => {
    if (paths.isShadowed(template, c.req.path))
      throw methodNotAllowed(c, paths.methodsOf(c.req.path) ?? [])
    const address = addressOf(c, trusted)
    if (role === undefined) {
      if (door.access.required()) await spend(door, `address:${address}`)
      return next()
    }
    const caller = await identify(c, door, address)
    c.set('caller', caller)
    if (caller !== ANYBODY) await spend(door, caller.countedAs)
    if (!mayAct(caller.role, role)) throw forbidden(`role ${caller.role}`, `role ${role}`)
    if (caller.groups !== null) checkScope(c, caller, scope)
    return next()
  }
}

function checkScope(c: Context, caller: Caller, scope: Permission['scope']): void {
  const bound = `bound to ${caller.groups?.join(', ') || 'no group'}`
  if (scope === 'fleet') throw forbidden(bound, 'a caller for all services')
  if (scope === 'service' && !caller.covers(c.req.param('service') ?? ''))
    throw forbidden(bound, "a caller for this service's group")
}

async function identify(c: Context, door: Door, address: string): Promise<Caller> {
  const { access } = door
  const token = bearerOf(c)
  if (token === undefined) {
    const signedIn = await sessionCaller(c, access)
    if (signedIn) return signedIn
    if (!access.required()) return ANYBODY
    throw unauthenticated('show a key or a token: Authorization: Bearer …')
  }
  await refuseBlocked(door, address)
  const caller = await access.callerOf(token)
  if (caller) return caller
  await door.limits.failed(address)
  door.log?.warn({ address }, 'wrong, expired or revoked key or token')
  throw unauthenticated('the key or token is wrong, has ended, or has no role here')
}

export async function refuseBlocked(
  { limits }: Pick<Door, 'limits'>,
  address: string,
): Promise<void> {
  const waitS = await limits.blocked(address)
  if (waitS !== undefined) throw tooMany('too many wrong keys came from this address', waitS)
}

async function sessionCaller(c: Context, { sessions }: Access): Promise<Caller | undefined> {
  const cookie = c.req.header('cookie') === undefined ? undefined : getCookie(c, SESSION_COOKIE)
  const session = cookie === undefined ? undefined : sessions.find(cookie)
  const caller = await session?.caller()
  if (session === undefined || caller === undefined) return undefined
  if (!SAFE.includes(c.req.method) && !isCsrfTokenOf(session, c.req.header(CSRF_HEADER)))
    throw new ProblemError('csrf-token-wrong', `${CSRF_HEADER}: send what GET /v1/session answers`)
  return caller
}

/** The token; undefined when none was sent. Two of them, or another scheme, are refused and not guessed at. */
function bearerOf(c: Context): string | undefined {
  const header = c.req.header('authorization')
  if (header === undefined) return undefined
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  const twice = incoming && (incoming.headersDistinct.authorization?.length ?? 1) > 1
  const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(header)?.[1]
  if (token === undefined || twice)
    throw unauthenticated('authorization: send one header "Authorization: Bearer …"')
  return token
}

async function spend({ limits }: Door, countedAs: string): Promise<void> {
  const waitS = await limits.spend(countedAs)
  if (waitS !== undefined) throw tooMany('more requests a second than http.limits allows', waitS)
}

export function addressOf(c: Context, trusted: ReturnType<typeof rangesOf>): string {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  const connected = incoming?.socket?.remoteAddress ?? 'unknown'
  return clientAddress(connected, c.req.header('x-forwarded-for'), trusted)
}

export const unauthenticated = (detail: string): ProblemError =>
  new ProblemError('unauthenticated', detail, undefined, { 'www-authenticate': 'Bearer' })

const tooMany = (detail: string, waitS: number): ProblemError =>
  new ProblemError('too-many-requests', detail, undefined, { 'retry-after': String(waitS) })

const forbidden = (value: string, allowed: string): ProblemError =>
  new ProblemError('forbidden', `caller: it takes ${allowed}; this one is ${value}`, [
    { field: 'caller', value, allowed },
  ])
