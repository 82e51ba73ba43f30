/**
 * What was once wrong in the libraries at our edge where they let somebody in: tokens, cookies, origins and addresses,
 * tried on our own service over real HTTP. Each test names the published advisories. Of the rest: advisories.test.ts.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { JwtConfig } from '../access/config.ts'
import { AUDIENCE, hmacSigned, signed, testKey } from '../access/test-issuer.ts'
import { type Listening, serve } from './server.ts'
import { type LockedApp, lockedApp } from './test-callers.ts'
import { raw, wire } from './test-raw.ts'

const ORIGIN = 'https://grafana.example'
const RSA = testKey('rsa-1', 'RS256')
const JSON_TYPE = 'Content-Type: application/json'

let issuer: Server
let issuerUrl: string
let locked: LockedApp
let server: Listening
let port: number

beforeAll(async () => {
  // as the advisories have it: a key that does not say for which algorithm it is
  const keys = [{ ...RSA.publicKey.export({ format: 'jwk' }), kid: RSA.kid }]
  issuer = createServer((_request, response) => response.end(JSON.stringify({ keys })))
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/realm`
  const jwt = JwtConfig.parse({
    ...{ issuer: issuerUrl, jwksUrl: `${issuerUrl}/keys`, audience: AUDIENCE },
    roles: { sre: 'operator' },
  })
  locked = lockedApp({ corsOrigins: [ORIGIN] })
  locked.parts.state.config.http.auth.jwt = jwt
  server = await serve(locked.app, { host: '127.0.0.1', port: 0 })
  port = Number(new URL(server.url).port)
})
afterAll(async () => {
  await server.close()
  issuer.close()
})

const claims = (over: object = {}) => {
  const nowS = Math.floor(Date.now() / 1000)
  const own = { iss: issuerUrl, aud: AUDIENCE, sub: 'ann', roles: ['sre'] }
  return { ...own, iat: nowS - 60, exp: nowS + 600, ...over }
}
const header = { alg: 'RS256', kid: RSA.kid, typ: 'JWT' }
const token = (over: object = {}) => signed(RSA, header, claims(over))

async function asked(headers: readonly string[], method = 'GET', target = '/v1/budget', body = '') {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  const { statuses, text } = await raw(port, wire(method, target, [...headers, ...length], body))
  return { status: statuses[0]!, text }
}
const statusWith = async (authorization: string): Promise<number> =>
  (await asked([`Authorization: ${authorization}`])).status

describe('a token', () => {
  it('rightly signed is let in, so that what is refused below is refused for its fault', async () => {
    expect(await statusWith(`Bearer ${token()}`)).toBe(200)
  })

  it('is verified by our algorithm, not by the one that it names (GHSA-f67f-6cw9-8mq4, GHSA-3vhc-576x-3qv4, CVE-2026-22817, CVE-2026-22818)', async () => {
    const forged = { ...header, alg: 'HS256' }
    const secrets = [
      RSA.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      RSA.publicKey.export({ format: 'der', type: 'spki' }),
      JSON.stringify({ ...RSA.publicKey.export({ format: 'jwk' }), kid: RSA.kid }),
      '',
    ]
    for (const secret of secrets)
      expect(await statusWith(`Bearer ${hmacSigned(secret, forged, claims())}`)).toBe(401)
  })

  it('for somebody else is refused (GHSA-m732-5p4w-x69g)', async () => {
    for (const aud of ['grafana', ['grafana'], '', [], undefined, null, { forescale: true }])
      expect(await statusWith(`Bearer ${token({ aud })}`), JSON.stringify(aud)).toBe(401)
  })

  it('with times that are no numbers is refused (GHSA-hm8q-7f3q-5f36, CVE-2026-44459)', async () => {
    const later = Math.floor(Date.now() / 1000) + 3600
    const faulty = [
      ...[0, '', false, null, '9999999999', [], {}].map((exp) => ({ exp })),
      ...['0', false, [], {}, String(later), later].map((nbf) => ({ nbf })),
      ...['0', false, {}, later].map((iat) => ({ iat })),
    ]
    for (const over of faulty)
      expect(await statusWith(`Bearer ${token(over)}`), JSON.stringify(over)).toBe(401)
    // JSON has no infinity but in a number that is too large for one
    const endless = JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999')
    expect(await statusWith(`Bearer ${signed(RSA, header, endless)}`)).toBe(401)
  })

  it('comes by the scheme Bearer and by no other (GHSA-f577-qrjj-4474, CVE-2026-47673)', async () => {
    const key = await locked.keyOf('viewer')
    expect(await statusWith(`Bearer ${key}`)).toBe(200)
    for (const scheme of ['Basic', 'Token', 'Digest', 'DPoP', 'JWT', 'BearerX', ''])
      for (const text of [token(), key])
        expect(await statusWith(`${scheme} ${text}`), scheme).toBe(401)
    expect(await statusWith(`${token()}`)).toBe(401)
    expect(await statusWith(`Basic ${Buffer.from(`:${key}`).toString('base64')}`)).toBe(401)
  })

  it('that is packed and encrypted is refused, not unpacked (GHSA-hhhv-q57g-882q, CVE-2024-28176)', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const packed = part({ alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF', kid: RSA.kid })
    expect(await statusWith(`Bearer ${packed}.${'A'.repeat(342)}.AAAA.AAAA.AAAA`)).toBe(401)
  })
})

describe('pages of other origins', () => {
  const preflight = (origin: string, ...more: string[]) =>
    asked(
      [`Origin: ${origin}`, 'Access-Control-Request-Method: PUT', ...more],
      'OPTIONS',
      '/v1/mode',
    )

  it('that are not listed see no answer, and none sends a cookie (GHSA-88fw-hqm2-52qc, CVE-2026-54290)', async () => {
    const origins = ['https://evil.example', 'null', `${ORIGIN}.evil.example`, `${ORIGIN}:444`, '*']
    for (const origin of origins) {
      const { text } = await preflight(origin)
      expect(text, origin).not.toMatch(/access-control-allow-origin/i)
    }
    const { text } = await preflight(ORIGIN)
    expect(text).toMatch(/^access-control-allow-origin: https:\/\/grafana\.example\r$/im)
    expect(text).not.toMatch(/access-control-allow-credentials/i)
  })

  it('do not say what answers vary by (GHSA-q7jf-gf43-6x6p)', async () => {
    const { text } = await preflight(ORIGIN, 'Vary: Accept-Encoding, X-Evil, *')
    const vary = [...text.matchAll(/^vary: (.*)\r$/gim)].flatMap(([, names]) => names!.split(/, */))
    expect(vary).toContain('Origin')
    expect(vary.filter((name) => /evil|\*|encoding/i.test(name))).toEqual([])
  })

  it('cost no time by the headers that they ask for (GHSA-8j4g-w8fx-2239)', async () => {
    const blanks = `Access-Control-Request-Headers: a${' '.repeat(15_000)}b`
    const sinceMs = performance.now()
    await Promise.all(Array.from({ length: 60 }, () => preflight(ORIGIN, blanks)))
    expect(performance.now() - sinceMs).toBeLessThan(3000)
  })
})

describe('a session', () => {
  const signIn = async (...headers: string[]) => {
    const body = JSON.stringify({ token: await locked.keyOf('operator') })
    return asked([...headers, JSON_TYPE], 'POST', '/v1/session', body)
  }
  const cookieOf = (text: string) => /^set-cookie: (forescale_session=[^;]+)/im.exec(text)![1]!
  const csrfOf = (text: string) =>
    z
      .looseObject({ csrfToken: z.string() })
      .parse(JSON.parse(/\{.*\}/.exec(text.split('\r\n\r\n')[1]!)![0])).csrfToken

  it('is one cookie of which nothing comes from the request (GHSA-5pq2-9x2x-5p6w, CVE-2026-29086, GHSA-3hrh-pfw6-9m5x, CVE-2026-47675, GHSA-26pp-8wgv-hjvm)', async () => {
    const { text } = await signIn(
      'X-Forwarded-Host: evil.example; Domain=evil.example',
      'X-Forwarded-Proto: https; Path=/evil',
      'X-Forwarded-Prefix: /evil; HttpOnly',
      'Cookie: forescale_session=x; forescale_session; Path=/evil',
    )
    const set = [...text.matchAll(/^set-cookie: (.*)\r$/gim)].map(([, value]) => value)
    expect(set).toEqual([
      expect.stringMatching(
        /^forescale_session=[\w-]+; Path=\/; Expires=[\w ,:]+; HttpOnly; SameSite=Strict$/,
      ),
    ])
  })

  it('is found by its own name only, not by one that looks like it (GHSA-r5rp-j6wh-rvv4)', async () => {
    const { text } = await signIn()
    const cookie = cookieOf(text)
    expect((await asked([`Cookie: ${cookie}`])).status).toBe(200)
    for (const before of ['\xa0', '\x0b', '\x0c', 'x=y;\xa0', '\ufeff', '"', 'a', '__Host-'])
      expect([400, 401], JSON.stringify(before)).toContain(
        (await asked([`Cookie: ${before}${cookie}`])).status,
      )
  })

  it('changes nothing without its token, whatever type the body has or has not (GHSA-rpfr-3m35-5vx5, CVE-2024-43787, GHSA-2234-fmw7-43wr, CVE-2024-48913)', async () => {
    const { text } = await signIn()
    const cookie = `Cookie: ${cookieOf(text)}`
    const types = [
      ...['Text/Plain', 'TEXT/PLAIN', 'Application/X-WWW-Form-Urlencoded', 'text/plain;', ''],
      ...['MULTIPART/FORM-DATA; boundary=x', 'application/json', 'x'],
    ].map((type) => [`Content-Type: ${type}`])
    for (const type of [[], ...types])
      for (const from of [[], ['Origin: https://evil.example'], ['Sec-Fetch-Site: cross-site']]) {
        const { status } = await asked([cookie, ...type, ...from], 'POST', '/v1/pause', '{}')
        expect([403, 415], `${type} ${from}`).toContain(status)
      }
    expect(locked.parts.state.paused).toBe(false)
    const own = [cookie, `X-CSRF-Token: ${csrfOf(text)}`, 'Content-Length: 0']
    expect((await asked(own, 'POST', '/v1/pause')).status).toBe(200)
    locked.parts.state.paused = false
  })
})

describe('an address', () => {
  const limits = {
    ...{ requestsPerSecond: 1e6, failuresPerMinute: 5, blockSeconds: 60, connections: 100 },
  }
  const wrong = `Authorization: Bearer fsk_0123456789ab_${'x'.repeat(43)}`

  /** Statuses of wrong keys, one for each thing that is said of where it comes from. */
  async function wrongKeysFrom(said: readonly string[], trustedProxies: string[]) {
    const { app } = lockedApp({ limits, trustedProxies })
    const own = await serve(app, { host: '127.0.0.1', port: 0 })
    const at = Number(new URL(own.url).port)
    const statuses: number[] = []
    for (const line of said)
      statuses.push((await raw(at, wire('GET', '/v1/budget', [line, wrong]))).statuses[0]!)
    await own.close()
    return statuses
  }
  const refusedAll = (statuses: number[]) =>
    expect(statuses.every((status) => status === 401 || status === 429)).toBe(true)

  it('is that of the connection, whatever is said of it (GHSA-xh87-mx6m-69f3, CVE-2026-27700)', async () => {
    const said = Array.from({ length: 9 }, (_, i) => `X-Forwarded-For: 10.0.0.${i}, 10.1.0.${i}`)
    const statuses = await wrongKeysFrom(said, [])
    refusedAll(statuses)
    expect(statuses.at(-1)).toBe(429)
    // behind a proxy the first address is whatever the client has written, the last is the proxy's own
    const appended = Array.from({ length: 9 }, (_, i) => `X-Forwarded-For: 10.0.0.${i}, 10.1.0.1`)
    expect((await wrongKeysFrom(appended, ['127.0.0.1'])).at(-1)).toBe(429)
  })

  it('is the same however it is written (GHSA-xpcf-pg52-r92g, CVE-2026-39409, GHSA-xrhx-7g5j-rcj5, CVE-2026-47674)', async () => {
    const four = ['10.0.0.9', '::ffff:10.0.0.9', '::FFFF:0a00:0009', '0:0:0:0:0:ffff:a00:9']
    const six = ['2001:db8::1', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '2001:db8:0::0:1']
    for (const names of [four, six]) {
      const said = [...names, ...names, ...names].map((name) => `X-Forwarded-For: ${name}`)
      const statuses = await wrongKeysFrom(said, ['127.0.0.1'])
      refusedAll(statuses)
      expect(statuses.slice(-names.length)).toEqual(names.map(() => 429))
    }
  })

  it('that is none is not believed (GHSA-r354-f388-2fhh)', async () => {
    const said = [
      '1.2.2.355',
      '999.1.1.1',
      '1.2.3',
      '010.0.0.9',
      '0x7f.1',
      '',
      'localhost',
      '-1.0.0.1',
    ]
    const lines = said.map((name) => `X-Forwarded-For: ${name}`)
    const statuses = await wrongKeysFrom(lines, ['127.0.0.1'])
    refusedAll(statuses)
    expect(statuses.slice(-2)).toEqual([429, 429]) // all of them counted by the proxy itself
  })
})
