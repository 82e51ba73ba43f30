/** Webhooks against real receivers: quick, failing, slow and gone; over a restart; signed. */
import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppConfig } from '../config.ts'
import type { Delivery } from '../ledger/alerts-ledger.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLedger } from '../ledger/registry.ts'
import { keyOf } from './signature.ts'
import { createWebhooks, type Webhooks, type WebhookTimes } from './webhooks.ts'

const CONFIG = AppConfig.parse({ services: { a: {} } })
const QUICK: WebhookTimes = { timeoutMs: 150, retryMs: 5, roundMs: 40, longestMs: 200 }

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Answers each message by what `answer` says; 0: not at all. */
async function receiver(answer: (n: number) => number) {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      const status = answer(received.length)
      if (status > 0) response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${port}/hook`, received }
}

const closing: (() => Promise<unknown>)[] = []
let folder: string
let ledger: Ledger

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'forescale-webhooks-'))
  ledger = await openLedger(CONFIG, folder)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await ledger.close()
  await rm(folder, { recursive: true, force: true })
})

function start(secret?: string): Webhooks {
  const log = { warn: () => {} }
  const webhooks = createWebhooks({ ledger, secretOf: () => secret, log, times: QUICK })
  closing.push(webhooks.close)
  return webhooks
}

const message = (id: string, url: string, over: Partial<Delivery> = {}): Delivery => ({
  id,
  alertId: 'alert-1',
  url,
  body: `{"event":"opened","n":"${id}"}`,
  createdAtMs: Date.now(),
  attempts: 0,
  nextAtMs: 0,
  deliveredAtMs: null,
  error: null,
  ...over,
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400 && !(await condition()); i++) await sleep(10)
  expect(await condition()).toBe(true)
}
const isEmpty = async () => (await ledger.nextDeliveryMs()) === undefined

describe('a message', () => {
  it('arrives as it was written, once, in the order of writing', async () => {
    const { url, received } = await receiver(() => 204)
    await ledger.saveAlerts([], [message('m1', url), message('m2', url)])
    const webhooks = start()
    webhooks.kick()
    webhooks.kick()
    await until(isEmpty)
    expect(received.map(({ body }) => body)).toEqual([
      message('m1', url).body,
      message('m2', url).body,
    ])
    expect(received[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'm1',
    })
    expect(received[0]!.headers).not.toHaveProperty('webhook-signature')
    expect(webhooks.counts()).toEqual({ delivered: 2, failedAttempts: 0, givenUp: 0 })
  })

  it('is signed so that its receiver can tell it from any other', async () => {
    const { url, received } = await receiver(() => 200)
    await ledger.saveAlerts([], [message('m1', url)])
    start('a secret').kick()
    await until(isEmpty)
    const { headers, body } = received[0]!
    const stamp = headers['webhook-timestamp']
    expect(Math.abs(Number(stamp) * 1000 - Date.now())).toBeLessThan(10_000)
    const expected = createHmac('sha256', 'a secret').update(`m1.${stamp}.${body}`).digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${expected}`)
  })

  it('that fails is tried again with the same id until it is taken', async () => {
    const { url, received } = await receiver((n) => (n < 5 ? 503 : 200))
    await ledger.saveAlerts([], [message('m1', url)])
    const webhooks = start()
    webhooks.kick()
    await until(isEmpty)
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual(Array(5).fill('m1'))
    expect(webhooks.counts()).toEqual({ delivered: 1, failedAttempts: 4, givenUp: 0 })
  })

  it('is given up after a day, and counted', async () => {
    const { url, received } = await receiver(() => 500)
    const old = Date.now() - 25 * 3_600_000
    await ledger.saveAlerts([], [message('m1', url, { createdAtMs: old })])
    const webhooks = start()
    webhooks.kick()
    await until(isEmpty)
    await until(() => webhooks.counts().givenUp === 1)
    expect(received).toHaveLength(3)
  })

  it('that was under way when the process ended arrives after the next start', async () => {
    let isUp = false
    const { url, received } = await receiver(() => (isUp ? 200 : 0))
    await ledger.saveAlerts([], [message('m1', url)])
    const first = start()
    first.kick()
    await until(() => received.length > 0)
    await first.close()
    await ledger.close()
    ledger = await openLedger(CONFIG, folder)
    expect(await isEmpty()).toBe(false)
    isUp = true
    start().kick()
    await until(isEmpty)
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(['m1']))
  })
})

describe('a receiver', () => {
  it('that is slow, or is not there, holds up nobody else', async () => {
    const slow = await receiver(() => 0)
    const quick = await receiver(() => 200)
    const gone = 'http://127.0.0.1:9/hook'
    await ledger.saveAlerts(
      [],
      [
        message('s1', slow.url),
        message('g1', gone),
        message('q1', quick.url),
        message('s2', slow.url),
      ],
    )
    const webhooks = start()
    const before = performance.now()
    webhooks.kick()
    expect(performance.now() - before).toBeLessThan(50)
    await until(() => quick.received.length === 1)
    expect(webhooks.counts().delivered).toBeLessThanOrEqual(1)
    await until(() => slow.received.length >= 2)
    expect(webhooks.counts()).toMatchObject({ delivered: 1, givenUp: 0 })
  })
})

it('a secret by the specification is base64 after its prefix', () => {
  expect(keyOf('whsec_aGVsbG8=').toString()).toBe('hello')
  expect(keyOf('hello').toString()).toBe('hello')
})
