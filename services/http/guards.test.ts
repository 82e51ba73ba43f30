import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp } from './app.ts'
import { ListenError, type Listening, serve } from './server.ts'
import { createTestParts } from './test-plane.ts'

const parts = createTestParts()
const app = createApp({ ...parts, allowedHosts: ['forescale.example'] })
let server: Listening

beforeAll(async () => {
  server = await serve(app, { host: '127.0.0.1', port: 0 })
})
afterAll(() => server.close())

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly chunks?: readonly string[]
}

/** Straight node:http, because fetch sets Host and Content-Length itself. */
function ask({ method = 'GET', path = '/livez', headers = {}, chunks = [] }: Ask) {
  return new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const outgoing = request(`${server.url}${path}`, { method, headers }, (incoming) => {
        let body = ''
        incoming.setEncoding('utf8').on('data', (text) => {
          body += text
        })
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, body, headers: incoming.headers }),
        )
      })
      outgoing.on('error', reject)
      for (const chunk of chunks) outgoing.write(chunk)
      outgoing.end()
    },
  )
}

describe('the Host header', () => {
  it.each(['localhost', '127.0.0.1:1', '[::1]:8080', 'LOCALHOST', 'forescale.example'])(
    'may be %s',
    async (host) => {
      expect((await ask({ headers: { host } })).status).toBe(200)
    },
  )

  it.each(['evil.example', 'localhost.evil.example', '10.0.0.1', '127.0.0.1.nip.io'])(
    'may not be %s (DNS rebinding)',
    async (host) => {
      const { status, body } = await ask({ headers: { host } })
      expect([status, JSON.parse(body).code]).toEqual([403, 'host-not-allowed'])
    },
  )

  it('may be any address, but no name, when all interfaces are listened on', async () => {
    const open = createTestParts()
    open.state.config = {
      ...open.state.config,
      http: { ...open.state.config.http, host: '0.0.0.0' },
    }
    const openApp = createApp(open)
    expect((await openApp.request('http://10.0.0.1/livez')).status).toBe(200)
    expect((await openApp.request('http://[fd00::1]/livez')).status).toBe(200)
    expect((await openApp.request('http://evil.example/livez')).status).toBe(403)
  })
})

describe('another origin', () => {
  const write = (headers: Record<string, string>) =>
    ask({ method: 'POST', path: '/v1/pause', headers })

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
  ])('may not write: %o', async (headers) => {
    const { status, body } = await write(headers as Record<string, string>)
    expect([status, JSON.parse(body).code]).toEqual([403, 'cross-origin-write'])
    expect(parts.state.paused).toBe(false)
  })

  it('gets no permission to read either: no CORS header', async () => {
    const { headers } = await ask({ headers: { origin: 'http://evil.example' } })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('is no matter for the own page and for programs', async () => {
    expect((await write({ origin: server.url })).status).toBe(200)
    expect((await write({})).status).toBe(200)
    parts.state.paused = false
  })
})

describe('a body', () => {
  const json = { 'content-type': 'application/json' }
  const put = (chunks: readonly string[], headers: Record<string, string>) =>
    ask({ method: 'PUT', path: '/v1/budget', headers: { ...json, ...headers }, chunks })
  const big = ' '.repeat(40 * 1024)

  it('that says it is too long is refused', async () => {
    const { status, body } = await put([big, big], { 'content-length': String(80 * 1024) })
    expect([status, JSON.parse(body).code]).toEqual([413, 'body-too-large'])
    expect(JSON.parse(body).errors[0]).toMatchObject({ field: 'body', value: '81920' })
  })

  it('that does not say and is too long is refused, too', async () => {
    const { status, body } = await put([big, big], { 'transfer-encoding': 'chunked' })
    expect([status, JSON.parse(body).code]).toEqual([413, 'body-too-large'])
  })

  it('in chunks is read when it fits', async () => {
    const { status } = await put(['{"costBudget', 'PerHour": 2}'], {
      'transfer-encoding': 'chunked',
    })
    expect(status).toBe(200)
    expect(parts.state.budget.costBudgetPerHour).toBe(2)
  })

  it('of samples may be much longer', async () => {
    const sample = { service: 'search', metric: 'm', atMs: 1, value: 1 }
    const samples = Array.from({ length: 20_000 }, (_, i) => ({ ...sample, atMs: i }))
    const { status, body } = await ask({
      method: 'POST',
      path: '/v1/samples',
      headers: json,
      chunks: [JSON.stringify({ samples })],
    })
    expect([status, JSON.parse(body)]).toEqual([200, { accepted: 20_000, rejected: {} }])
  })
})

describe('every answer', () => {
  it.each(['/livez', '/nope', '/v1/budget?x=1'])('of %s is fresh and guarded', async (path) => {
    const { headers } = await ask({ path })
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect(headers['x-frame-options']).toBe('DENY')
    expect(headers['content-security-policy']).toContain("default-src 'none'")
    expect(headers['strict-transport-security']).toBeUndefined()
  })
})

describe('the server', () => {
  it('says which variable frees it from a port in use', async () => {
    const port = Number(new URL(server.url).port)
    const second = serve(createApp(createTestParts()), { host: '127.0.0.1', port })
    await expect(second).rejects.toThrow(ListenError)
    await expect(second).rejects.toThrow(/FORESCALE_PORT/)
  })

  it('ends open streams when it closes, at once', async () => {
    const other = await serve(createApp(createTestParts()), { host: '127.0.0.1', port: 0 })
    const stream = await fetch(`${other.url}/v1/events`)
    const began = performance.now()
    await Promise.all([other.close(), stream.text()])
    expect(performance.now() - began).toBeLessThan(1500)
  })
})
