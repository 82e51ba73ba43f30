import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { measured } from '../http/measured.ts'
import { createInstruments, observed } from './instruments.ts'

/** Values by series, `name{labels}`, without buckets. */
async function series(registry: { metrics(): Promise<string> }): Promise<Record<string, number>> {
  const lines = (await registry.metrics())
    .split('\n')
    .filter((line) => /^forescale_(http|call)/.test(line))
  const rows = lines.filter((line) => !line.includes('_bucket') && !line.includes('_sum'))
  return Object.fromEntries(
    rows.map((line) => [
      line.slice(0, line.lastIndexOf(' ')),
      Number(line.slice(line.lastIndexOf(' '))),
    ]),
  )
}

describe('calls of a port', () => {
  class Store {
    #kept = 3
    readonly kind = 'memory'
    size(): number {
      return this.#kept
    }
    async read(more: number): Promise<number> {
      return this.#kept + more
    }
    async write(): Promise<void> {
      throw new Error('disk full')
    }
  }

  it('answer as before, and are counted and timed', async () => {
    const instruments = createInstruments()
    const store = observed('store', new Store(), instruments)
    expect([store.kind, store.size(), await store.read(2), await store.read(4)]).toEqual([
      'memory',
      3,
      5,
      7,
    ])
    expect(await series(instruments.registry)).toEqual({
      'forescale_call_duration_seconds_count{part="store",operation="read"}': 2,
    })
  })

  it('fail as before, and the failure is counted', async () => {
    const instruments = createInstruments()
    const store = observed('store', new Store(), instruments)
    await expect(store.write()).rejects.toThrow('disk full')
    expect(await series(instruments.registry)).toEqual({
      'forescale_call_duration_seconds_count{part="store",operation="write"}': 1,
      'forescale_call_errors_total{part="store",operation="write"}': 1,
    })
  })
})

describe('answers', () => {
  it('are counted by the pattern of their route, never by path', async () => {
    const instruments = createInstruments()
    const app = new Hono()
    app.use(measured(instruments))
    app.get('/v1/services/:name', (c) =>
      c.req.param('name') === 'x' ? c.text('no', 404) : c.text('yes'),
    )
    for (const path of [
      '/v1/services/a',
      '/v1/services/b',
      '/v1/services/x',
      '/elsewhere',
      '/elsewhere/2',
    ])
      await app.request(path)
    expect(await series(instruments.registry)).toEqual({
      'forescale_http_request_duration_seconds_count{method="GET",route="/v1/services/:name",status="200"}': 2,
      'forescale_http_request_duration_seconds_count{method="GET",route="/v1/services/:name",status="404"}': 1,
      'forescale_http_request_duration_seconds_count{method="GET",route="none",status="404"}': 2,
    })
  })
})

it('the event loop tells how busy it was since the last scrape', async () => {
  const { registry } = createInstruments()
  const read = async () =>
    Number(/^forescale_event_loop_utilization_ratio (\S+)/m.exec(await registry.metrics())?.[1])
  await read()
  const until = performance.now() + 60
  while (performance.now() < until); // busy
  const busy = await read()
  expect(busy).toBeGreaterThan(0.3)
  expect(busy).toBeLessThanOrEqual(1)
})
