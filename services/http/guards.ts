/**
 * What every request passes before its route. The API listens on loopback without a password, so a page in the
 * user's own browser must not be able to use it: foreign Host headers (DNS rebinding) and writes or sockets from
 * another origin are refused. Bodies are bounded whether or not they say how long they are.
 */
import { isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { secureHeaders } from 'hono/secure-headers'
import { inflate } from './inflate.ts'
import { invalidRequest, ProblemError, problemResponse } from './problem.ts'

const SAMPLES_BYTES = 8 * 1024 * 1024
const MODEL_BYTES = 32 * 1024 * 1024
const OTHER_BYTES = 64 * 1024
const PLAIN: readonly string[] = ['identity']
/** Where bodies may come packed; snappy is unpacked by who reads remote-write. */
const ENCODINGS: Readonly<Record<string, readonly string[]>> = {
  '/v1/samples': ['identity', 'gzip'],
  '/api/v1/write': ['snappy'],
}
const READS: readonly string[] = ['GET', 'HEAD']
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/** Headers for JSON and text; pages that show something set their own content security policy. */
export const safeHeaders = secureHeaders({
  strictTransportSecurity: false,
  xFrameOptions: 'DENY',
  contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  overwrite: false,
})

/** Allows loopback names, the configured host and `more`; any IP literal when listening on all interfaces. */
export function hostGuard(configuredHost: string, more: readonly string[]): MiddlewareHandler {
  const allowed = new Set(['localhost', '127.0.0.1', '::1', configuredHost, ...more])
  const anyAddress = WILDCARDS.includes(configuredHost)
  return async (c, next) => {
    const host = originOf(c)
      .hostname.replace(/^\[(.*)\]$/, '$1')
      .toLowerCase()
    if (allowed.has(host) || (anyAddress && isIP(host) !== 0)) return next()
    throw new ProblemError('host-not-allowed', `host: "${host}" is not served here`, [
      { field: 'host', value: host, allowed: [...allowed].join(' | ') },
    ])
  }
}

/** Pages of `origins` may call with a key or token of their own; a cookie is never sent from there (SameSite). */
export const originGuard =
  (origins: readonly string[]): MiddlewareHandler =>
  async (c, next) => {
    const upgrade = c.req.header('upgrade') !== undefined
    if (READS.includes(c.req.method) && !upgrade) return next()
    const own = originOf(c).host
    const origin = c.req.header('origin')
    if (origin !== undefined && origins.includes(origin)) return next()
    const foreignOrigin = origin !== undefined && hostOf(origin) !== own
    if (!foreignOrigin && c.req.header('sec-fetch-site') !== 'cross-site') return next()
    throw new ProblemError(
      'cross-origin-write',
      `origin: "${origin ?? 'cross-site'}" may only read`,
      [{ field: 'origin', value: origin ?? null, allowed: `pages of ${own}` }],
    )
  }

/** Few callers name many hosts. */
const MOST_ORIGINS = 100
const origins = new Map<string, URL>()

/** Whom the request is for. Node lets Host headers through that are no part of any address. */
function originOf(c: Context): URL {
  const { url } = c.req
  const path = url.indexOf('/', url.indexOf('://') + 3)
  const text = path < 0 ? url : url.slice(0, path)
  const known = origins.get(text)
  if (known) return known
  const origin = URL.parse(text)
  if (origin) {
    if (origins.size >= MOST_ORIGINS) origins.clear()
    origins.set(text, origin)
    return origin
  }
  const allowed = 'a host name or address'
  throw invalidRequest([{ field: 'host', value: c.req.header('host') ?? null, allowed }])
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

export const bodyGuard: MiddlewareHandler = async (c, next) => {
  const encoding = c.req.header('content-encoding') ?? 'identity'
  const read = ENCODINGS[c.req.path] ?? PLAIN
  if (!read.includes(encoding)) {
    throw new ProblemError(
      'unsupported-media-type',
      `content-encoding: "${encoding}" is not read`,
      [{ field: 'content-encoding', value: encoding, allowed: read.join(' | ') }],
    )
  }
  if (isBodiless(c)) return next()
  const maxSize = longestBody(c.req.path)
  return bodyLimit({
    maxSize,
    onError: (context) =>
      problemResponse(
        context,
        new ProblemError('body-too-large', `the body is larger than ${maxSize} bytes`, [
          {
            field: 'body',
            value: context.req.header('content-length') ?? null,
            allowed: `at most ${maxSize} bytes`,
          },
        ]),
        { connection: 'close' },
      ),
  })(c, async () => {
    if (encoding === 'gzip') await inflate(c)
    await next()
  })
}

/** In HTTP/1.1 a message that says nothing of a body has none. To look at the body itself would make a whole Request of it. */
function isBodiless(c: Context): boolean {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  if (incoming?.httpVersionMajor !== 1) return false
  const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers
  return length === undefined && coding === undefined
}

/** Answers of the API are of this moment; pages and files say themselves how long they keep. */
export const freshAnswers: MiddlewareHandler = async (c, next) => {
  await next()
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store')
}

function longestBody(path: string): number {
  if (path in ENCODINGS) return SAMPLES_BYTES
  return /^\/v1\/models\/[^/]+\/import$/.test(path) ? MODEL_BYTES : OTHER_BYTES
}
