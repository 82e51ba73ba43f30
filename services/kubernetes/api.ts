/**
 * The API server: JSON requests with deadlines, retried where the server asks for it or does not answer, and watches. Writes carry a resourceVersion, so one that is sent twice is refused and not done
 * twice. Every call is counted by verb: that a tick costs none is a claim that is measured.
 */
import type { KubeConfig } from '@kubernetes/client-node'
import {
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  isBrokenCircuitError,
  retry,
  wrap,
} from 'cockatiel'
import type { Response } from 'undici'
import { z } from 'zod'
import { createSignedFetch } from './signed-fetch.ts'

const ATTEMPTS = 4
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 5000
const BREAK_AFTER_FAILURES = 20
const HALF_OPEN_AFTER_MS = 2000
const DEADLINE_MS = 10_000

/** The server understood and refused, or is not well; `status` is HTTP's. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** Kubernetes' word for it: Conflict, Forbidden, Expired. */
  readonly reason: string
  /** How long the server asks to wait, ms. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, reason: string, message: string, retryAfterMs?: number) {
    super(message)
    this.status = status
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

export const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiError && error.status === status

export interface ApiRequest {
  readonly body?: unknown
  readonly contentType?: string
  readonly query?: Readonly<Record<string, string>>
  /** Retries included, ms. */
  readonly deadlineMs?: number
  /** Sent one time, whatever comes of it: for who has a way of its own to try again. */
  readonly once?: boolean
}

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ClusterApi {
  /** Rejects with ApiError when the server refuses, with fetch's own error when it does not answer in time. */
  request(verb: Verb, path: string, request?: ApiRequest): Promise<unknown>
  /** The lines of a watch that the server has accepted, parsed, until it ends. Rejects with ApiError when it is refused. */
  watch(
    path: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<unknown>>
  /** Requests sent so far, retries included, by verb; watches as WATCH. */
  calls(): ReadonlyMap<string, number>
  close(): Promise<void>
}

/** Told of every request that ended, retries each by itself; `failed` where the server did not answer or was not well. */
export type ClusterCalled = (
  labels: { readonly part: string; readonly operation: string },
  seconds: number,
  failed: boolean,
) => void

export function createClusterApi(config: KubeConfig, called?: ClusterCalled): ClusterApi {
  const signed = createSignedFetch(config)
  const stopped = new AbortController()
  const calls = new Map<string, number>()
  const guard = createGuard()

  async function counted<T>(verb: string, work: () => Promise<T>): Promise<T> {
    calls.set(verb, (calls.get(verb) ?? 0) + 1)
    const startedMs = performance.now()
    const ended = (failed: boolean) =>
      called?.({ part: 'cluster', operation: verb }, (performance.now() - startedMs) / 1000, failed)
    try {
      const answer = await work()
      ended(false)
      return answer
    } catch (error) {
      ended(isTransient(error))
      throw error
    }
  }

  async function attempt(verb: Verb, path: string, request: ApiRequest, signal: AbortSignal) {
    const { body, contentType = 'application/json' } = request
    const response = await signed.send(withQuery(path, request.query), {
      method: verb,
      signal,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw errorOf(response, text)
    return JSON.parse(text) as unknown
  }

  return {
    request(verb, path, request = {}) {
      const deadlineMs = request.deadlineMs ?? DEADLINE_MS
      const untilMs = performance.now() + deadlineMs
      const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(deadlineMs)])
      const send = () => counted(verb, () => attempt(verb, path, request, signal))
      if (request.once) return send()
      return retried(guard, send, { signal, untilMs })
    },
    watch(path, query, signal) {
      const either = AbortSignal.any([stopped.signal, signal])
      return counted('WATCH', async () => {
        const response = await signed.send(withQuery(path, { ...query, watch: 'true' }), {
          method: 'GET',
          headers: { accept: 'application/json' },
          signal: either,
        })
        if (!response.ok) throw errorOf(response, await response.text())
        return linesOf(response)
      })
    },
    calls: () => calls,
    async close() {
      stopped.abort()
      await signed.close()
    },
  }
}

function withQuery(path: string, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? path : `${path}?${text}`
}

/** Whether the server may have done it, or do it yet, for all that `error` says. */
export const mayBeDone = (error: unknown): boolean =>
  !isBrokenCircuitError(error) && !(error instanceof ApiError && error.status < 500)

/** Only what may pass by itself: too many requests, a server that is not well, no answer. */
function isTransient(error: unknown): boolean {
  if (isBrokenCircuitError(error) || error instanceof TooLate) return false
  return !(error instanceof ApiError) || error.status === 429 || error.status >= 500
}

interface Until {
  readonly signal: AbortSignal
  /** By the monotonic clock. */
  readonly untilMs: number
}

/** The server asks for a wait that is longer than what is left: nothing is waited for. */
class TooLate extends Error {
  override name = 'TooLate'
}

/** Waits between attempts end with the deadline too. Rejects with what the last attempt met with. */
function retried(
  guard: Guard,
  send: () => Promise<unknown>,
  { signal, untilMs }: Until,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  let met: unknown
  const once = async () => {
    met = undefined
    try {
      return await send()
    } catch (error) {
      met = error
      const waitMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0
      throw performance.now() + waitMs < untilMs ? error : new TooLate()
    }
  }
  const end = () => reject(met ?? signal.reason)
  signal.addEventListener('abort', end, { once: true })
  guard
    .execute(once, signal)
    .then(resolve, (error: unknown) => reject(error instanceof TooLate ? met : error))
    .finally(() => signal.removeEventListener('abort', end))
  return promise
}

type Guard = ReturnType<typeof createGuard>

function createGuard() {
  const transient = handleWhen(isTransient)
  return wrap(
    retry(transient, { maxAttempts: ATTEMPTS, backoff: new DelegateBackoff(waitMs) }),
    circuitBreaker(transient, {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES),
    }),
  )
}

/** As long as the server asks for; else exponentially longer, with jitter, so that many who wait do not come back at once. */
function waitMs({ attempt, result }: IRetryBackoffContext<unknown>): number {
  const error = 'error' in result ? result.error : undefined
  const asked = error instanceof ApiError ? error.retryAfterMs : undefined
  const ownMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt)
  return (asked ?? ownMs / 2) + (Math.random() * ownMs) / 2
}

const Status = z.object({ message: z.string().optional(), reason: z.string().optional() })

function errorOf(response: Response, text: string): ApiError {
  const { message, reason } = statusOf(text)
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiError(
    response.status,
    reason ?? response.statusText,
    message ?? `HTTP ${response.status} ${text.slice(0, 200)}`,
    seconds >= 0 ? seconds * 1000 : undefined,
  )
}

/** A proxy in between answers a page of its own. */
function statusOf(text: string): z.infer<typeof Status> {
  try {
    return Status.parse(JSON.parse(text))
  } catch {
    return {}
  }
}

async function* linesOf(response: Response): AsyncIterable<unknown> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield JSON.parse(line)
  }
}
