/**
 * What was once wrong in the libraries at our edge, tried on our own service over real HTTP: each test names the
 * published advisories whose fault would let it through. Of tokens, cookies and origins: advisories-access.test.ts.
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApp } from './app.ts'
import { type Listening, serve } from './server.ts'
import { createTestParts } from './test-plane.ts'
import { raw, wire } from './test-raw.ts'

const SECRET = 'outside of what the page is'
const JSON_TYPE = 'Content-Type: application/json'
const UPGRADE = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13']
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

const parts = createTestParts()
const folder = mkdtempSync(path.join(tmpdir(), 'forescale-advisories-'))
let server: Listening
let port: number

beforeAll(async () => {
  const dashboardDir = path.join(folder, 'page')
  mkdirSync(path.join(dashboardDir, 'assets', 'inner'), { recursive: true })
  writeFileSync(path.join(folder, 'secret.txt'), SECRET)
  writeFileSync(path.join(dashboardDir, 'assets', 'inner', 'secret.txt'), SECRET)
  writeFileSync(path.join(dashboardDir, 'assets', '%2e.txt'), SECRET)
  writeFileSync(path.join(dashboardDir, 'assets', 'open.txt'), 'open')
  server = await serve(createApp({ ...parts, dashboardDir }), { host: '127.0.0.1', port: 0 })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const statusOf = async (message: string): Promise<number> => {
  const { statuses } = await raw(port, message)
  expect(statuses, message.slice(0, 100)).toHaveLength(1)
  return statuses[0]!
}
/** The handshake's status; the socket that was opened is closed with it. */
function handshake(target: string, headers: readonly string[]): Promise<number> {
  const head = [`GET ${target} HTTP/1.1`, ...headers, 'Connection: Upgrade']
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1').on('error', () => resolve(0))
    socket.on('data', (data) => {
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(data.toString('latin1'))?.[1]))
      socket.destroy()
    })
    socket.on('close', () => resolve(0))
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
  })
}

describe('files of the page', () => {
  // each climbs, or names a file within, by what one reader decodes and another does not
  const DOTS = ['..', '.%2e', '%2e%2e', '%252e%252e', '%c0%ae%c0%ae', '..%00', '%2e%2e%3b']
  const SLASHES = ['/', '//', '%2f', '%2F', '%252f', '%5c', '\\', '%255c', '/./']
  const climbing = SLASHES.flatMap((slash) => [
    ...DOTS.map((dots) => `/assets${slash}${dots}${slash}${dots}${slash}secret.txt`),
    ...DOTS.map((dots) => `/${dots}${slash}secret.txt`),
    `/assets/inner${slash}secret.txt`,
    `/assets${slash}inner${slash}secret.txt`,
    `/docs${slash}..${slash}assets${slash}inner${slash}secret.txt`,
    `http://127.0.0.1${slash}..${slash}secret.txt`,
  ])

  it.each([
    ['encoded slashes', 'GHSA-wc8c-qw6v-h7f6, CVE-2026-29087, GHSA-q5qw-h33p-qvwr'],
    ['repeated slashes', 'GHSA-92pp-h63x-v22m, GHSA-wmmm-f939-6g9c'],
    ['backslashes', 'GHSA-frvp-7c67-39w9, GHSA-wwfh-h76j-fc44'],
    ['names decoded twice', 'GHSA-rmxm-3fg6-px4f, GHSA-5r4p-p66f-jhc7, GHSA-fj57-4f93-cfw6'],
    ['double dots', 'GHSA-rjq5-w47x-x359, CVE-2024-32869'],
  ])('are its own only, also by %s (%s)', async (how) => {
    const mine: Readonly<Record<string, RegExp>> = {
      'encoded slashes': /%2f|%5c/i,
      'repeated slashes': /\/\//,
      backslashes: /\\|%5c/i,
      'names decoded twice': /%25/,
      'double dots': /\.\.|%2e/i,
    }
    const tried = climbing.filter((target) => mine[how]!.test(target))
    expect(tried.length).toBeGreaterThan(5)
    for (const target of tried) {
      const { text, statuses } = await raw(port, wire('GET', target))
      expect(text, target).not.toContain(SECRET)
      expect([400, 403, 404], `${target}: ${statuses}`).toContain(statuses[0])
    }
  })

  it('whose name is not plain are not served, decoded or not (GHSA-fj57-4f93-cfw6)', async () => {
    expect(await statusOf(wire('GET', '/assets/%252e.txt'))).toBe(404)
    expect(await statusOf(wire('GET', '/assets/%2e.txt'))).toBe(404)
    expect(await statusOf(wire('GET', '/assets/open.txt'))).toBe(200)
  })
})

describe('an address', () => {
  it('that no URL has is refused, and the service stays (GHSA-hgxw-5xg3-69jx)', async () => {
    for (const host of ['a b', '[::1', 'localhost:port', '%', 'a/b', '@', '127.0.0.1:99999', '']) {
      const status = await statusOf(wire('GET', '/livez', [`Host: ${host}`]))
      expect([400, 403], host).toContain(status)
    }
    expect(await statusOf(wire('GET', '/livez'))).toBe(200)
  })

  it('of a socket is that of the Host header, not one within its path (GHSA-7v5p-43qr-wch5, CVE-2026-126344)', async () => {
    const origin = 'Origin: http://evil.example'
    const host = `Host: 127.0.0.1:${port}`
    for (const target of ['//evil.example/v1/ws', '///evil.example/v1/ws', '/v1/ws', '//v1/ws'])
      expect([400, 403, 404], target).toContain(
        await handshake(target, [host, origin, ...UPGRADE, KEY]),
      )
    const absolute = await handshake('http://evil.example/v1/ws', [host, origin, ...UPGRADE, KEY])
    expect([400, 403, 404]).toContain(absolute)
    const own = `Origin: http://127.0.0.1:${port}`
    expect(await handshake('/v1/ws', [host, own, ...UPGRADE, KEY])).toBe(101)
  })

  it('with bytes of several characters reaches the route that it names and no other (GHSA-2gcr-mfcq-wcc3, CVE-2026-47676)', async () => {
    for (const prefix of ['/%E2%82%AC', '/v1/%E2%82%AC/..%2f', '/%F0%9F%98%80/v1', '/v1%E2%80%8B'])
      expect(await statusOf(wire('POST', `${prefix}/pause`, ['Content-Length: 0']))).toBe(404)
    expect(parts.state.paused).toBe(false)
  })

  it('has parameters of its own request, whatever others ask at the time (CVE-2023-50710)', async () => {
    const asked = Array.from({ length: 120 }, (_, i) => (i % 2 === 0 ? 'search' : 'payment'))
    const answers = await Promise.all(
      asked.map(async (service) => {
        const response = await fetch(`${server.url}/v1/services/${service}`)
        return z.looseObject({ service: z.string() }).parse(await response.json()).service
      }),
    )
    expect(answers).toEqual(asked)
  })
})

describe('a body', () => {
  const before = parts.state.budget.costBudgetPerHour
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
  const tooLong = chunk('{"costBudgetPerHour":3}') + chunk(' '.repeat(70 * 1024))
  const unchanged = () => expect(parts.state.budget.costBudgetPerHour).toBe(before)

  it('in chunks takes no effect before its end is known to fit (GHSA-9vqf-7f2p-gf9v, CVE-2026-44456)', async () => {
    const head = ['Transfer-Encoding: chunked', JSON_TYPE]
    expect(await statusOf(wire('PUT', '/v1/budget', head, `${tooLong}0\r\n\r\n`))).toBe(413)
    unchanged()
  })

  it('that gives a length and comes in chunks is refused (GHSA-92vj-g62v-jqhh)', async () => {
    for (const length of ['1', '23', '80000']) {
      const head = [`Content-Length: ${length}`, 'Transfer-Encoding: chunked', JSON_TYPE]
      expect(await statusOf(wire('PUT', '/v1/budget', head, `${tooLong}0\r\n\r\n`))).toBe(400)
    }
    unchanged()
  })

  it('that understates its length is read no further than that (GHSA-rv63-4mwf-qqc2)', async () => {
    const head = ['Content-Length: 5', JSON_TYPE]
    const text = `{"costBudgetPerHour":3}${' '.repeat(70 * 1024)}`
    expect(await statusOf(wire('PUT', '/v1/budget', head, text))).toBe(400)
    unchanged()
  })

  it('of a form is not read, so no field of it becomes a prototype (GHSA-v8w9-8mx6-g223, CVE-2026-56763)', async () => {
    const form = '__proto__.polluted=1&constructor.prototype.polluted=1&costBudgetPerHour=3'
    const multipart = `--x\r\nContent-Disposition: form-data; name="__proto__.polluted"\r\n\r\n1\r\n--x--\r\n`
    for (const [type, text] of [
      ['application/x-www-form-urlencoded', form],
      ['multipart/form-data; boundary=x', multipart],
    ] as const) {
      const head = [`Content-Type: ${type}`, `Content-Length: ${text.length}`]
      expect(await statusOf(wire('PUT', '/v1/budget', head, text)), type).toBe(415)
    }
    expect('polluted' in {}).toBe(false)
    unchanged()
  })
})

describe('a handshake', () => {
  it('that breaks off leaves nothing behind (GHSA-9mqv-5hh9-4cgg)', async () => {
    const host = 'Host: 127.0.0.1'
    const keys = [[], ['Sec-WebSocket-Key: short'], ['Sec-WebSocket-Key: ====']]
    const rounds = async (count: number) => {
      for (let i = 0; i < count; i++)
        expect(await handshake('/v1/ws', [host, ...UPGRADE, ...keys[i % 3]!])).not.toBe(101)
      await sleep(50)
      return queryObjects(IncomingMessage, { format: 'count' })
    }
    const first = await rounds(15)
    const second = await rounds(60)
    expect(second - first).toBeLessThan(10)
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(
      /^forescale_event_listeners 0$/m,
    )
  })

  it('with more headers than are read ends it and not us (GHSA-3h5v-q93c-6h6q, CVE-2024-37890)', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `X-${i}: 1`)
    // among those that are dropped is the one that asks for the socket
    expect(await handshake('/v1/ws', ['Host: 127.0.0.1', ...many, ...UPGRADE, KEY])).not.toBe(101)
    expect(await statusOf(wire('GET', '/livez'))).toBe(200)
  })
})

describe('an answer', () => {
  it('of events is one frame, whatever is said in it (GHSA-p6xx-57qc-3wxr, CVE-2026-29085)', async () => {
    const value = 'a\r\n\r\nevent: status\r\nid: 9\r\ndata: {"paused":true}\r\rretry: 1\n\n'
    const abort = new AbortController()
    const response = await fetch(`${server.url}/v1/events`, { signal: abort.signal })
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('event: alert')) text += (await reader.read()).value
    parts.emit({ kind: 'setting', data: { key: value, value, atMs: 0 } })
    let injected = ''
    while (!/\n\n$/.test(injected)) injected += (await reader.read()).value
    abort.abort()
    expect(injected.trimEnd().split(/\r\n|\r|\n/)).toEqual([
      expect.stringMatching(/^id: \d+$/),
      'event: setting',
      `data: ${JSON.stringify({ key: value, value, atMs: 0 })}`,
    ])
  })

  it('to a caller is kept by no cache on its way (GHSA-6wqw-2p9w-4vw4, GHSA-p77w-8qqv-26rm, CVE-2026-24472, CVE-2026-44457)', async () => {
    const { paths } = z
      .looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
      .parse(await (await fetch(`${server.url}/openapi.json`)).json())
    const plain = Object.entries(paths)
      .filter(([at, methods]) => 'get' in methods && at.startsWith('/v1/') && !at.includes('{'))
      .map(([at]) => at)
      .filter((at) => at !== '/v1/events')
    expect(plain.length).toBeGreaterThan(15)
    for (const at of plain) {
      const { headers } = await fetch(`${server.url}${at}`)
      expect([at, headers.get('cache-control')]).toEqual([at, 'no-store'])
    }
  })
})

describe('what we use of the libraries', () => {
  /** Of Hono, beside the application itself. */
  const USED = [
    ...['hono', 'hono/body-limit', 'hono/cookie', 'hono/cors', 'hono/http-exception'],
    ...['hono/route', 'hono/secure-headers', 'hono/utils/http-status'],
  ]
  /** Fixed in, by the newest advisory that is tried here. */
  const FIXED: readonly (readonly [string, string])[] = [
    ['hono', '4.13.11'],
    ['@hono/node-server', '2.1.7'],
    ['ws', '8.17.1'],
    ['jose', '4.15.5'],
  ]

  it('is none of the parts whose advisories are not tried here: JSX, language, cache, IP restriction, CSRF, JWT, mount, SSG, static files, other platforms', () => {
    const files = globSync('{services,experiments}/**/*.{ts,tsx}')
    const imported = files
      .filter((file) => !/node_modules|\.test\.ts$/.test(file))
      .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/from '(@?hono[^']*)'/g)])
      .map(([, name]) => name!)
    const parts = new Set(imported.filter((name) => name.startsWith('hono')))
    expect([...parts].sort()).toEqual([...USED].sort())
    expect([...imported].filter((name) => name.startsWith('@hono/node-server/'))).toEqual([])
  })

  it.each(FIXED)('is %s of at least %s', (name, least) => {
    const { version } = z
      .looseObject({ version: z.string() })
      .parse(JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')))
    const newest = [version, least].sort(new Intl.Collator('en', { numeric: true }).compare).at(-1)
    expect(newest).toBe(version)
  })
})
