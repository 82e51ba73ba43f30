/**
 * Every error leaves the API in one form: RFC 9457 `application/problem+json` with a stable `code`, and for a
 * wrong request one entry per field that names the value read and what is allowed.
 */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { ConfigError } from '../config-error.ts'
import { Conflict } from '../control-plane.ts'
import { JobsUnavailable } from '../jobs/job.ts'
import { Fenced, LedgerUnavailable } from '../ledger/ledger.ts'
import { StoreUnavailable } from '../stores/sample-store.ts'
import { secrets } from '../telemetry/secrets.ts'
import { ShopUnreachable } from './demo-port.ts'

export const PROBLEMS = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'invalid-config': { status: 400, title: 'The configuration is not valid; the old one stays' },
  unauthenticated: { status: 401, title: 'The caller is not known' },
  forbidden: { status: 403, title: 'The caller may not do this' },
  'csrf-token-wrong': { status: 403, title: "The page's token is missing or wrong" },
  'host-not-allowed': { status: 403, title: 'This Host header is not served' },
  'cross-origin-write': { status: 403, title: 'Writes from another origin are refused' },
  'not-found': { status: 404, title: 'There is no such page' },
  'service-not-found': { status: 404, title: 'There is no such service' },
  'decision-not-found': { status: 404, title: 'There is no such decision' },
  'alert-not-found': { status: 404, title: 'There is no such alert' },
  'model-not-found': { status: 404, title: 'There is no such version of the model' },
  'rollout-not-found': { status: 404, title: 'There is no such rollout' },
  'training-not-found': { status: 404, title: 'There is no such training' },
  'job-not-found': { status: 404, title: 'There is no such job' },
  'policy-not-found': { status: 404, title: 'There is no such learned policy' },
  'tick-not-found': { status: 404, title: 'There is no such tick' },
  'forecast-not-found': { status: 404, title: 'There is no such forecast' },
  'proposal-not-found': { status: 404, title: 'There is no proposal yet' },
  'shop-not-found': { status: 404, title: 'No demo shop is running' },
  'covariate-not-found': { status: 404, title: 'There is no such event' },
  'key-not-found': { status: 404, title: 'There is no such key' },
  'spike-not-found': { status: 404, title: 'There is no such spike' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  conflict: { status: 409, title: 'The request cannot be met as things stand' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  'upgrade-required': { status: 426, title: 'This address speaks WebSocket only' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'The server failed' },
  'shop-unreachable': { status: 502, title: 'The demo shop does not answer' },
  'jobs-unavailable': { status: 503, title: 'The queue of jobs does not answer' },
  'ledger-unavailable': { status: 503, title: 'The ledger does not answer' },
  'store-unavailable': { status: 503, title: 'Samples cannot be kept or read now' },
  'signal-unavailable': { status: 503, title: 'Nothing may be carried to a consumer now' },
  'forecast-expired': { status: 503, title: 'There is no usable forecast now' },
} as const satisfies Record<string, { status: ContentfulStatusCode; title: string }>
export type ProblemCode = keyof typeof PROBLEMS

export const FieldError = z
  .strictObject({
    field: z
      .string()
      .meta({ description: 'Path of the field in query, path or body.', example: 'limit' }),
    value: z.unknown().meta({ description: 'What was read; null when absent.', example: '0' }),
    allowed: z
      .string()
      .meta({ description: 'What is allowed.', example: 'an integer from 1 to 500' }),
  })
  .meta({ id: 'FieldError' })
export type FieldError = z.infer<typeof FieldError>

export const Problem = z
  .strictObject({
    type: z.string().meta({ description: 'urn:forescale:problem:{code}.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'The path that was asked for.' }),
    code: z
      .enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]])
      .meta({ description: 'Stable name of this kind of problem.' }),
    errors: z.array(FieldError).optional(),
  })
  .meta({ id: 'Problem', description: 'An error by RFC 9457.' })
export type Problem = z.infer<typeof Problem>

/** Thrown by routes; `onError` turns it into the answer. */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly errors: readonly FieldError[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: ProblemCode,
    detail: string,
    errors?: readonly FieldError[],
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail)
    this.code = code
    this.errors = errors
    this.headers = headers
  }
}

export function invalidRequest(errors: readonly FieldError[]): ProblemError {
  return new ProblemError('invalid-request', errors.map(sentence).join('; '), errors)
}

/** With the header that says which ones are. */
export function methodNotAllowed(c: Context, methods: readonly string[]): ProblemError {
  const allow = methods.join(', ')
  return new ProblemError(
    'method-not-allowed',
    `method: ${c.req.path} takes ${allow}`,
    [{ field: 'method', value: c.req.method, allowed: allow }],
    { allow },
  )
}

export function sentence({ field, value, allowed }: FieldError): string {
  return `${field}: ${JSON.stringify(value)} is not allowed; allowed: ${allowed}`
}

export function problemResponse(
  c: Context,
  error: ProblemError,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const { status, title } = PROBLEMS[error.code]
  const body: Problem = {
    type: `urn:forescale:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    instance: URL.parse(c.req.url)?.pathname ?? c.req.path,
    code: error.code,
    ...(error.errors ? { errors: [...error.errors] } : {}),
  }
  const response = new Response(secrets.hide(JSON.stringify(body)), {
    status,
    headers: { ...error.headers, ...headers },
  })
  response.headers.set('content-type', 'application/problem+json')
  response.headers.set('cache-control', 'no-store')
  return response
}

/** What a thrown error means to the caller; undefined for a failure of our own. */
export function asProblem(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error
  if (error instanceof Conflict) return new ProblemError('conflict', error.message)
  if (error instanceof ShopUnreachable) return new ProblemError('shop-unreachable', error.message)
  if (error instanceof ConfigError) return invalidConfig(error)
  if (error instanceof Fenced)
    return new ProblemError('conflict', `another controller leads: ${error.message}`)
  if (error instanceof LedgerUnavailable)
    return new ProblemError('ledger-unavailable', error.message)
  if (error instanceof JobsUnavailable) return new ProblemError('jobs-unavailable', error.message)
  if (error instanceof StoreUnavailable) return new ProblemError('store-unavailable', error.message)
  if (!(error instanceof HTTPException)) return undefined
  if (error.status === 415) {
    return new ProblemError(
      'unsupported-media-type',
      'content-type: send one of the media types that /openapi.json lists for this route',
    )
  }
  if (error.status === 413) return new ProblemError('body-too-large', error.message)
  if (error.status === 400) {
    return invalidRequest([{ field: 'body', value: null, allowed: 'well-formed JSON' }])
  }
  return undefined
}

function invalidConfig({ message, faults }: ConfigError): ProblemError {
  const errors = faults.map((fault) => ({
    field: fault.path === '' ? fault.source : fault.path,
    value: fault.value,
    allowed: fault.allowed ?? fault.message,
  }))
  return new ProblemError('invalid-config', message, errors)
}
