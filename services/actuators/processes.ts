/**
 * Local processes, by way of the demo's process host. Orders that are given together share the money: decreases go
 * first, and increases follow only when the replicas that were released are gone. Every call is retried with
 * exponential backoff and jitter; a target that keeps failing is left alone for a while (circuit breaker per service).
 */
import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
  retry,
  wrap,
} from 'cockatiel'
import type { ServiceId } from '../../forecaster/series.ts'
import {
  HostedService,
  HostedServices,
  type HostFence,
  type ReplicaOrder,
} from '../shop/host-api.ts'
import type { Actuator, ObservedReplicas, ScaleOrder, ScaleResult } from './actuator.ts'
import { decreasesFirst, failedOrder } from './decreases-first.ts'
import { mayBeDone } from './lost.ts'
import { countReplicas } from './replica-counts.ts'

const RETRIES = 3
const FIRST_BACKOFF_MS = 50
const LONGEST_BACKOFF_MS = 1000
const BREAK_AFTER_FAILURES = 5
const HALF_OPEN_AFTER_MS = 5000
const CALL_TIMEOUT_MS = 2000
const POLL_MS = 100
/** What a host takes beyond the drain timeout to notice, to tell and to end a replica. */
const RELEASE_MARGIN_MS = 5000

/** The host does not answer, or answers what it should not. */
export class HostUnreachable extends Error {
  /** 0 when there was no answer. */
  readonly status: number

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

export interface ProcessesOptions {
  readonly hostUrl: string
  readonly drainTimeoutMs: number
}

/** `observe` throws HostUnreachable when the host does not answer after all retries. */
export function createProcesses({ hostUrl, drainTimeoutMs }: ProcessesOptions): Actuator {
  const stopped = new AbortController()
  const guardByTarget = new Map<string, ReturnType<typeof createGuard>>()

  function guarded<T>(target: string, work: () => Promise<T>): Promise<T> {
    const guard = guardByTarget.get(target) ?? createGuard()
    guardByTarget.set(target, guard)
    return guard.execute(work)
  }

  const read = () =>
    guarded(
      '',
      async () =>
        HostedServices.parse(await call(`${hostUrl}/services`, 'GET', stopped.signal)).services,
    )

  async function send(order: ScaleOrder): Promise<ScaleResult> {
    const { decisionId, service, from, to, fence } = order
    const body: ReplicaOrder = { replicas: to, decisionId, from, ...(fence ? { fence } : {}) }
    try {
      const url = `${hostUrl}/services/${service}/replicas`
      await guarded(service, async () =>
        HostedService.parse(await call(url, 'PUT', stopped.signal, body)),
      )
      return { decisionId, service, outcome: 'applied' }
    } catch (error) {
      const result = failedOrder(order, error instanceof Error ? error.message : String(error))
      return mayBeDone(error) ? { ...result, isUnanswered: true } : result
    }
  }

  /** True when no replica of `services` is terminating any more. */
  async function released(services: ReadonlySet<ServiceId>): Promise<boolean> {
    const giveUpMs = Date.now() + drainTimeoutMs + RELEASE_MARGIN_MS
    while (Date.now() < giveUpMs && !stopped.signal.aborted) {
      const hosted = await read().catch(() => undefined)
      const gone = ([name, { replicas }]: [string, HostedService]) =>
        !services.has(name) || replicas.every((r) => r.state !== 'terminating')
      if (hosted && Object.entries(hosted).every(gone)) return true
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return false
  }

  return {
    async observe() {
      const observed = new Map<ServiceId, ObservedReplicas>()
      for (const [name, hosted] of Object.entries(await read()))
        observed.set(name, countReplicas(hosted))
      return observed
    },
    apply: (orders) =>
      decreasesFirst(orders, {
        send,
        released: (lowered) => released(new Set(lowered.map(({ service }) => service))),
        atOnce: orders.length,
        releaseLimitMs: drainTimeoutMs + RELEASE_MARGIN_MS,
      }),
    async announce(fence) {
      await guarded('', () => call(`${hostUrl}/fence`, 'PUT', stopped.signal, fence))
    },
    async close() {
      stopped.abort()
    },
  }
}

function createGuard() {
  const transient = handleWhen(
    (error) =>
      !isBrokenCircuitError(error) &&
      !(error instanceof HostUnreachable && isRefusal(error.status)),
  )
  return wrap(
    retry(transient, {
      maxAttempts: RETRIES,
      backoff: new ExponentialBackoff({
        initialDelay: FIRST_BACKOFF_MS,
        maxDelay: LONGEST_BACKOFF_MS,
      }),
    }),
    circuitBreaker(transient, {
      halfOpenAfter: HALF_OPEN_AFTER_MS,
      breaker: new ConsecutiveBreaker(BREAK_AFTER_FAILURES),
    }),
  )
}

/** The host understood and said no: asking again changes nothing, and the target is not at fault. */
function isRefusal(status: number): boolean {
  return status >= 400 && status < 500
}

async function call(
  url: string,
  method: string,
  stopped: AbortSignal,
  body?: ReplicaOrder | HostFence,
): Promise<unknown> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(CALL_TIMEOUT_MS)])
  const request: RequestInit = body
    ? {
        method,
        signal,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }
    : { method, signal }
  let status = 0
  try {
    const response = await fetch(url, request)
    status = response.status
    const text = await response.text()
    if (response.ok) return JSON.parse(text)
    throw new Error(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new HostUnreachable(
      `${method} ${url} failed (${status || 'no answer'}): ${reason}`,
      status,
      { cause },
    )
  }
}
