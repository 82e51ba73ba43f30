/** Orders whose answer is lost on the way, and orders that are refused: the first may be done all the same, the second are not. */
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Actuator } from './actuator.ts'
import { mayBeDone } from './lost.ts'
import { openActuator } from './registry.ts'
import {
  type Bench,
  HERE,
  INITIAL,
  KINDS,
  type Kind,
  type RealHost,
  startHost,
} from './test-benches.ts'
import { serve } from './test-http.ts'

/** Which request carries the order out; kinds without one reach their target by no plain HTTP. */
const WRITES: Partial<Record<Kind, RegExp>> = {
  processes: /^PUT /,
  docker: /^POST .*containers\/create/,
  aws: /UpdateService|SetDesiredCapacity/,
  gcp: /^POST .*\/resize/,
  azure: /^PATCH /,
}
type Loss = 'none' | 'after' | 'unwell' | 'refused'

async function carry(target: string, asked: Request, body: string): Promise<Response> {
  const { pathname, search } = new URL(asked.url)
  const headers = new Headers(asked.headers)
  for (const name of ['host', 'content-length', 'connection']) headers.delete(name)
  const answer = await fetch(new URL(pathname + search, target), {
    ...{ method: asked.method, headers },
    ...(body === '' ? {} : { body }),
  })
  const { status } = answer
  const type = answer.headers.get('content-type') ?? 'application/json'
  return new Response(status === 204 || status === 304 ? null : await answer.text(), {
    ...{ status, headers: { 'content-type': type } },
  })
}

/** Between actuator and target: what it does to the request that matters. */
async function startBetween(target: string, isWrite: RegExp) {
  let loss: Loss = 'none'
  let carried = 0
  const app = new Hono()
  app.all('*', async (c) => {
    const { method, path, raw } = c.req
    const body = await raw.text()
    if (!isWrite.test(`${method} ${path} ${c.req.header('x-amz-target')} ${body}`))
      return carry(target, raw, body)
    if (loss === 'unwell') return c.json({ message: 'not now' }, 503)
    if (loss === 'refused') return c.json({ message: 'not you' }, 403)
    const answer = await carry(target, raw, body)
    carried++
    if (loss === 'after') (c.env as HttpBindings).incoming.socket.destroy()
    return answer
  })
  return {
    ...(await serve(app)),
    lose(next: Loss): void {
      loss = next
    },
    carried: () => carried,
  }
}

let host: RealHost
beforeAll(async () => {
  host = await startHost()
})
afterAll(() => host.stop())

describe.each(HERE.filter((kind) => WRITES[kind]))('an order by %s', (kind) => {
  let bench: Bench
  let between: Awaited<ReturnType<typeof startBetween>>
  let actuator: Actuator
  beforeEach(async () => {
    bench = await KINDS[kind]()
    const { config } = bench
    const target = 'endpoint' in config && config.endpoint ? config.endpoint : host.url
    between = await startBetween(target, WRITES[kind]!)
    actuator = await openActuator(
      'endpoint' in config ? { ...config, endpoint: between.url } : config,
      { hostUrl: between.url, initial: INITIAL, drainTimeoutMs: 3000 },
    )
  }, 60_000)
  afterEach(async () => {
    await actuator.close()
    await between.stop()
    await bench.stop()
  })
  const apply = async (loss: Loss) => {
    between.lose(loss)
    const [result] = await actuator.apply([
      { decisionId: `${kind}-${loss}`, service: 'search', from: 2, to: 3 },
    ])
    return result
  }

  it('whose connection broke after it arrived may be done, and here it is', async () => {
    expect(await apply('after')).toMatchObject({ outcome: 'failed', isUnanswered: true })
    expect(between.carried()).toBeGreaterThan(0)
  }, 30_000)

  it('which a server answers that is not well may be done', async () => {
    expect(await apply('unwell')).toMatchObject({ outcome: 'failed', isUnanswered: true })
  }, 30_000)

  it('that is refused is not', async () => {
    const refused = await apply('refused')
    expect(refused).toMatchObject({ outcome: 'failed' })
    expect(refused?.isUnanswered).toBeUndefined()
  }, 30_000)
})

describe('what failed before it was sent', () => {
  it('is not done: what the program itself says, a library that is missing', () => {
    expect(mayBeDone(new Error('there is no such group'))).toBe(false)
    const cause = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    expect(mayBeDone(new Error('npm install it', { cause }))).toBe(false)
  })
})
