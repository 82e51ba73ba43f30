/**
 * Carries alerts from the ledger's outbox to webhooks and to sinks of events, at least once: a message is there until its receiver has taken
 * it, over restarts, and has the same `webhook-id` every time. Each address has its own line, so that a slow one holds
 * up nobody else, and ticks never wait. A failed message is tried three times at once and then ever more rarely, for a
 * day; what has not arrived by then is given up and counted.
 */

import {
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { rulesOf } from '../../datasets/outbound/rules.ts'
import { isSinkAddress, type Relay } from '../events/relay.ts'
import type { Delivery } from '../ledger/alerts-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { signedHeaders } from './signature.ts'

/** Loaded with the first message: most controllers never send one. */
const outbound = () => import('../../datasets/outbound/guarded-fetch.ts')

const MESSAGES_AT_ONCE = 50
const GIVE_UP_MS = 24 * 60 * 60 * 1000
const ERROR_LENGTH = 300

export interface WebhookTimes {
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number
  /** First wait between attempts that follow at once, ms. */
  readonly retryMs: number
  /** First and longest wait between rounds of attempts, ms. */
  readonly roundMs: number
  readonly longestMs: number
}

export const WEBHOOK_TIMES: WebhookTimes = {
  timeoutMs: 5000,
  retryMs: 500,
  roundMs: 10_000,
  longestMs: 60 * 60 * 1000,
}

export interface WebhooksDeps {
  readonly ledger: Pick<Ledger, 'dueDeliveries' | 'nextDeliveryMs' | 'settleDelivery'>
  /** Secret of an address; undefined when its messages are not signed. */
  readonly secretOf: (url: string) => string | undefined
  /** Takes what is addressed to a sink of events and not to a webhook. */
  readonly deliver?: Relay['deliver'] | undefined
  readonly log: { warn(fields: object, message: string): void }
  readonly times?: WebhookTimes
}

export interface DeliveryCounts {
  readonly delivered: number
  readonly failedAttempts: number
  readonly givenUp: number
}

export interface Webhooks {
  /** Something may be due. */
  kick(): void
  counts(): DeliveryCounts
  /** Ends what is under way; messages that have not arrived stay in the outbox. */
  close(): Promise<void>
}

const ATTEMPTS_A_ROUND = 3

/** By the real clock, whatever clock ticks go by: receivers judge the age of a message. */
export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { ledger, log, times = WEBHOOK_TIMES } = deps
  const ended = new AbortController()
  const counts = { delivered: 0, failedAttempts: 0, givenUp: 0 }
  const policy: IPolicy = wrap(
    retry(handleAll, {
      maxAttempts: ATTEMPTS_A_ROUND - 1,
      backoff: new ExponentialBackoff({ initialDelay: times.retryMs }),
    }),
    timeout(times.timeoutMs, TimeoutStrategy.Aggressive),
  )
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let asked = false

  async function deliver(delivery: Delivery): Promise<void> {
    let attempts = delivery.attempts
    const settle = (row: Pick<Delivery, 'nextAtMs' | 'deliveredAtMs' | 'error'>) =>
      ledger.settleDelivery({ id: delivery.id, attempts, ...row })
    try {
      await policy.execute(async ({ signal }) => {
        attempts++
        await send(deps, delivery, signal).catch((error) => {
          counts.failedAttempts++
          throw error
        })
      }, ended.signal)
      counts.delivered++
      await settle({ nextAtMs: null, deliveredAtMs: Date.now(), error: null })
    } catch (error) {
      if (ended.signal.aborted) return
      const message = messageOf(error)
      const isOver = Date.now() - delivery.createdAtMs > GIVE_UP_MS
      const rounds = Math.ceil(attempts / ATTEMPTS_A_ROUND)
      const waitMs = Math.min(times.longestMs, times.roundMs * 2 ** (rounds - 1))
      if (isOver) counts.givenUp++
      log.warn({ url: originOf(delivery.url), error: message, isOver }, 'an alert did not arrive')
      await settle({
        nextAtMs: isOver ? null : Date.now() + waitMs,
        deliveredAtMs: null,
        error: message,
      })
    }
  }

  async function round(): Promise<void> {
    while (asked && !ended.signal.aborted) {
      asked = false
      const due = await ledger.dueDeliveries(Date.now(), MESSAGES_AT_ONCE)
      if (due.length > 0) await outbound() // not within the time of an attempt
      const byUrl = Map.groupBy(due, (delivery) => delivery.url)
      await Promise.all(
        [...byUrl.values()].map(async (line) => {
          for (const delivery of line) if (!ended.signal.aborted) await deliver(delivery)
        }),
      )
      if (due.length === MESSAGES_AT_ONCE) asked = true
    }
    const nextMs = ended.signal.aborted ? undefined : await ledger.nextDeliveryMs()
    if (nextMs !== undefined) later(Math.max(0, nextMs - Date.now()))
  }

  function later(waitMs: number): void {
    clearTimeout(timer)
    timer = setTimeout(kick, waitMs)
    timer.unref()
  }

  function kick(): void {
    asked = true
    if (ended.signal.aborted || running) return
    running = round()
      .catch((error: unknown) => {
        log.warn({ err: error }, 'the outbox could not be read or written')
        later(times.roundMs)
      })
      .finally(() => {
        running = undefined
        if (asked) kick()
      })
  }

  return {
    kick,
    counts: () => ({ ...counts }),
    async close() {
      ended.abort()
      clearTimeout(timer)
      await running
    },
  }
}

async function send(
  { deliver, secretOf }: WebhooksDeps,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  if (!isSinkAddress(delivery.url)) return post(delivery, secretOf(delivery.url), signal)
  if (!deliver) throw new Error('no sinks of events are open')
  await deliver(delivery)
}

async function post(
  { id, url, body }: Delivery,
  secret: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const headers = signedHeaders(id, body, secret, Date.now())
  const { createGuardedFetch } = await outbound()
  const guarded = createGuardedFetch({ allow: rulesOf([url]), mostRedirects: 0 })
  try {
    const { status } = await guarded(url, { method: 'POST', headers, body, signal })
    if (status < 200 || status > 299) throw new Error(`HTTP ${status}`)
  } finally {
    await guarded.close()
  }
}

function messageOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, ERROR_LENGTH)
}

/** The rest of an address may be a secret. */
const originOf = (url: string): string =>
  isSinkAddress(url) ? url : (URL.parse(url)?.origin ?? '')
