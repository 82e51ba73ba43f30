/** Keys, sessions, limits and the audit log at the door of the API, and what attackers try there beside tokens. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { rangesOf } from '../../datasets/outbound/networks.ts'
import { clientAddress } from '../access/client-address.ts'
import { refuseExposure, refuseOpenDoor } from '../access/exposure.ts'
import { createLimits } from '../access/limits.ts'
import { takeOverSettings, verifyAudit } from '../audit/audit.ts'
import { faultOf, nextRow } from '../audit/chain.ts'
import { measure } from './json-guard.ts'
import { staticFile } from './static-file.ts'
import { lockedApp } from './test-callers.ts'

const Created = z.object({ key: z.looseObject({ id: z.string() }), token: z.string() })
const Refused = z.looseObject({ errors: z.array(z.looseObject({ value: z.unknown() })) })
const JSON_TYPE = { 'content-type': 'application/json' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

function asking(http: Parameters<typeof lockedApp>[0] = {}) {
  const locked = lockedApp(http)
  const ask = (method: string, at: string, headers: object = {}, body?: unknown) =>
    locked.app.request(at, {
      method,
      headers: { ...(body === undefined ? {} : JSON_TYPE), ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  return { ...locked, ask }
}

describe('a key', () => {
  it('is shown once, works, is rotated and revoked, and each deed is in the audit log', async () => {
    const { ask, keyOf, parts } = asking()
    const admin = bearer(await keyOf('admin'))
    const made = await ask('POST', '/v1/keys', admin, { name: 'ci', role: 'viewer' })
    const { key, token } = Created.parse(await made.json())
    expect(made.status).toBe(201)
    expect(JSON.stringify(await (await ask('GET', '/v1/keys', admin)).json())).not.toContain(token)
    expect((await ask('GET', '/v1/budget', bearer(token))).status).toBe(200)
    const rotated = Created.parse(
      await (await ask('POST', `/v1/keys/${key.id}/rotate`, admin, { overlapHours: 0 })).json(),
    )
    expect((await ask('GET', '/v1/budget', bearer(token))).status).toBe(401)
    expect((await ask('GET', '/v1/budget', bearer(rotated.token))).status).toBe(200)
    expect((await ask('POST', `/v1/keys/${rotated.key.id}/rotate`, admin)).status).toBe(201) // no body
    await ask('POST', `/v1/keys/${rotated.key.id}/revoke`, admin)
    expect((await ask('GET', '/v1/budget', bearer(rotated.token))).status).toBe(401)
    const { items } = await parts.ledger.audit({ limit: 10 })
    expect(items.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'key:admin key.revoke',
      'key:admin key.rotate',
      'key:admin key.rotate',
      'key:admin key.create',
    ])
  })

  it('is refused with any character changed, in a query, in a cookie, or beside another', async () => {
    const { ask, keyOf } = asking()
    const token = await keyOf('admin')
    for (let i = 0; i < token.length; i += 3) {
      const wrong = token.slice(0, i) + (token[i] === 'a' ? 'b' : 'a') + token.slice(i + 1)
      expect((await ask('GET', '/v1/budget', bearer(wrong))).status, wrong).toBe(401)
    }
    for (const scheme of ['Basic ', 'Bearer', 'Token ', ''])
      expect((await ask('GET', '/v1/budget', { authorization: `${scheme}${token}` })).status).toBe(
        401,
      )
    expect((await ask('GET', `/v1/budget?token=${token}`)).status).toBe(401)
    expect((await ask('GET', '/v1/budget', { cookie: `forescale_session=${token}` })).status).toBe(
      401,
    )
    const two = `Bearer ${token}, Bearer ${token}`
    expect((await ask('GET', '/v1/budget', { authorization: two })).status).toBe(401)
    const refused = await ask('GET', '/v1/budget')
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
  })

  it('ends when it should', async () => {
    const { ask, keyOf } = asking()
    const token = await keyOf('viewer', { expiresAtMs: Date.now() + 400 })
    expect((await ask('GET', '/v1/budget', bearer(token))).status).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 450))
    expect((await ask('GET', '/v1/budget', bearer(token))).status).toBe(401)
  })
})

describe('pages of other origins', () => {
  const preflight = { 'access-control-request-method': 'PUT', origin: 'https://grafana.example' }

  it('may call when they are configured, with a key of their own and never with a cookie', async () => {
    const { ask, keyOf } = asking({ corsOrigins: ['https://grafana.example'] })
    const operator = bearer(await keyOf('operator'))
    const allowed = await ask('OPTIONS', '/v1/mode', preflight)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://grafana.example')
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    expect(allowed.headers.get('vary')).toContain('Origin')
    const origin = 'https://grafana.example'
    const put = (from: string) =>
      ask(
        'PUT',
        '/v1/mode',
        { ...operator, origin: from, 'sec-fetch-site': 'cross-site' },
        { mode: 'off' },
      )
    expect((await put(origin)).status).toBe(200)
    for (const other of [
      'https://evil.example',
      'https://grafana.example.evil',
      'http://grafana.example',
      'null',
    ]) {
      const refused = await put(other)
      expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([
        403,
        null,
      ])
    }
  })

  it('may not when none is', async () => {
    const { ask } = asking()
    const refused = await ask('OPTIONS', '/v1/mode', preflight)
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('a session', () => {
  it('is a cookie that no script reads, and changes need its token', async () => {
    const { ask, keyOf, parts } = asking()
    const signedIn = await ask('POST', '/v1/session', {}, { token: await keyOf('operator') })
    const { csrfToken } = z.looseObject({ csrfToken: z.string() }).parse(await signedIn.json())
    const set = signedIn.headers.get('set-cookie') ?? ''
    expect(set).toMatch(/^forescale_session=[\w-]{43}; .*HttpOnly; SameSite=Strict$/)
    const cookie = set.split(';')[0]!
    expect((await ask('GET', '/v1/budget', { cookie })).status).toBe(200)
    for (const csrf of [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': `${csrfToken}x` }])
      expect((await ask('POST', '/v1/pause', { cookie, ...csrf })).status).toBe(403)
    expect(parts.state.paused).toBe(false)
    expect((await ask('POST', '/v1/pause', { cookie, 'x-csrf-token': csrfToken })).status).toBe(200)
    expect((await ask('GET', '/v1/keys', { cookie })).status).toBe(403)
    await ask('DELETE', '/v1/session', { cookie })
    expect((await ask('GET', '/v1/budget', { cookie })).status).toBe(401)
  })

  it('ends with the key that opened it', async () => {
    const { ask, keyOf } = asking()
    const [token, admin] = [await keyOf('viewer'), bearer(await keyOf('admin'))]
    const signedIn = await ask('POST', '/v1/session', {}, { token })
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
    await ask('POST', `/v1/keys/${token.split('_')[1]}/revoke`, admin)
    expect((await ask('GET', '/v1/budget', { cookie })).status).toBe(401)
    expect((await ask('POST', '/v1/session', {}, { token: 'fsk_wrong' })).status).toBe(401)
  })
})

describe('limits', () => {
  const tight = { requestsPerSecond: 20, failuresPerMinute: 5, blockSeconds: 60, connections: 10 }

  it('hold for each key, whatever a client says of its address', async () => {
    const { ask, keyOf } = asking({ limits: tight })
    const [one, other] = [bearer(await keyOf('viewer')), bearer(await keyOf('viewer'))]
    const spoofed = (i: number) => ({
      'x-forwarded-for': `10.0.0.${i}`,
      forwarded: `for=10.0.0.${i}`,
    })
    const statuses: number[] = []
    for (let i = 0; i < 60; i++)
      statuses.push((await ask('GET', '/v1/budget', { ...one, ...spoofed(i) })).status)
    const refused = statuses.filter((status) => status === 429).length
    expect(refused).toBeGreaterThanOrEqual(20) // a second may have begun anew
    expect((await ask('GET', '/v1/budget', other)).status).toBe(200)
  })

  it('block an address after wrong keys for a while, also for right ones', async () => {
    const { ask, keyOf } = asking({ limits: tight })
    const wrong = bearer(`fsk_0123456789ab_${'x'.repeat(43)}`)
    for (let i = 0; i < 6; i++) expect((await ask('GET', '/v1/budget', wrong)).status).toBe(401)
    const blocked = await ask('GET', '/v1/budget', bearer(await keyOf('viewer')))
    expect([blocked.status, Number(blocked.headers.get('retry-after')) > 50]).toEqual([429, true])
    expect((await ask('POST', '/v1/session', {}, { token: 'x' })).status).toBe(429)
  })

  it('take little memory for many addresses, and take an IPv6 network for one', async () => {
    const limits = createLimits(tight)
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 10_000; i++) await limits.spend(`address:10.${i >> 8}.${i & 255}.1`)
    const grown = (process.memoryUsage().heapUsed - before) / 2 ** 20
    console.log(`limits: 10,000 addresses take ${grown.toFixed(1)} MB`)
    expect(grown).toBeLessThan(50)
    for (let i = 0; i < 6; i++) await limits.failed(`2001:db9:1:2::${i}`)
    expect(await limits.blocked('2001:db9:1:2:ffff::1')).toBeGreaterThan(0)
    expect(await limits.blocked('2001:db9:1:3::1')).toBeUndefined()
  })

  it('believe trusted proxies only, from the right', () => {
    const trusted = rangesOf(['10.0.0.0/8', '::1'])
    expect(clientAddress('1.2.3.4', '9.9.9.9', trusted)).toBe('1.2.3.4')
    expect(clientAddress('10.0.0.1', '6.6.6.6, 9.9.9.9', trusted)).toBe('9.9.9.9')
    expect(clientAddress('10.0.0.1', '6.6.6.6, 9.9.9.9, 10.2.2.2', trusted)).toBe('9.9.9.9')
    expect(clientAddress('::ffff:10.0.0.1', '9.9.9.9', trusted)).toBe('9.9.9.9')
    expect(clientAddress('10.0.0.1', 'x, 10.2.2.2', trusted)).toBe('10.2.2.2')
    expect(clientAddress('10.0.0.1', '9.9.9.9', [])).toBe('10.0.0.1')
  })
})

describe('the audit log', () => {
  it('has a change before it takes effect, and what failed', async () => {
    const { ask, keyOf, parts } = asking()
    const operator = bearer(await keyOf('operator'))
    await ask('PUT', '/v1/services/search/mode', operator, { mode: 'off' })
    await ask('PUT', '/v1/services/none/mode', operator, { mode: 'off' })
    await ask('PUT', '/v1/services/search/mode', operator, { mode: 'wrong' })
    await ask('PUT', '/v1/budget', operator, { costBudgetPerHour: 5 })
    const rows = await parts.ledger.auditAfter(0, 100)
    expect(rows.map(({ action, target, detail }) => [action, target, detail])).toEqual([
      ['mode.change', 'search', { mode: 'off' }],
      ['mode.change', 'none', { mode: 'off' }],
      ['mode.change.failed', 'none', { asked: 2, code: 'service-not-found' }],
    ])
  })

  it('shows a row that was changed, dropped, moved, or cut off after its head was noted', async () => {
    const entry = (n: number) => ({
      atMs: n,
      actor: 'a',
      action: 'b.c',
      target: null,
      detail: { n },
    })
    const rows = [nextRow(undefined, entry(1))]
    for (let n = 2; n <= 50; n++) rows.push(nextRow(rows.at(-1), entry(n)))
    const verdict = (list: typeof rows, noted?: string) =>
      verifyAudit({ auditAfter: async (seq) => (seq === 0 ? list : []) }, noted)
    expect(await verdict(rows)).toMatchObject({ rows: 50, sound: true, head: rows.at(-1)!.hash })
    const lists = rows.flatMap((row, i) => [
      rows.with(i, { ...row, detail: { n: 0 } }),
      rows.with(i, { ...row, actor: 'eve' }),
      ...(i < rows.length - 1 ? [rows.toSpliced(i, 1)] : []),
      ...(i > 0 ? [rows.with(i, rows[i - 1]!).with(i - 1, row)] : []),
    ])
    const verdicts = await Promise.all(lists.map((list) => verdict(list)))
    const found = verdicts.filter(({ sound }) => !sound).length
    console.log(`audit: ${found} of ${50 * 2 + 49 + 49} changes of 50 rows found`)
    expect(found).toBe(50 * 2 + 49 + 49)
    expect((await verdict(rows.slice(0, 40), rows.at(-1)!.hash)).sound).toBe(false)
    expect(faultOf(rows[3], rows[4]!)).toBeUndefined()
  })

  it('begins with what settings were changed before there was one', async () => {
    const { parts } = asking()
    const setting = { key: 'budget', value: 2, changedAtMs: 5, actor: 'http' }
    await parts.ledger.putSetting(setting)
    expect([await takeOverSettings(parts.ledger), await takeOverSettings(parts.ledger)]).toEqual([
      1, 0,
    ])
    const [row] = await parts.ledger.auditAfter(0, 1)
    expect(row).toMatchObject({ atMs: 5, actor: 'http', target: 'budget', detail: { value: 2 } })
  })
})

describe('safe by default', () => {
  const auth = asking().parts.state.config.http.auth
  const none = { keys: async () => [] }

  it('nobody listens for others while nobody has to say who they are, or nobody could', async () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'host.example'])
      expect(() => refuseOpenDoor({ host, auth: { ...auth, required: false } })).toThrow(
        /http\.auth\.required: true .*forescale keys create --role admin/,
      )
    for (const host of ['127.0.0.1', '::1', 'localhost', '127.9.9.9'])
      expect(() => refuseOpenDoor({ host, auth: { ...auth, required: false } })).not.toThrow()
    await expect(refuseExposure({ host: '0.0.0.0', auth }, none, 0)).rejects.toThrow(/keys create/)
    const { parts, keyOf } = asking()
    await keyOf('viewer')
    await expect(refuseExposure({ host: '0.0.0.0', auth }, parts.ledger, 0)).rejects.toThrow()
    await keyOf('admin')
    await expect(
      refuseExposure({ host: '0.0.0.0', auth }, parts.ledger, 0),
    ).resolves.toBeUndefined()
  })
})

describe('names and bodies', () => {
  it('lead to no file outside the folder', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'forescale-files-'))
    writeFileSync(path.join(folder, 'secret.txt'), 'secret')
    const ups = [
      '..',
      '%2e%2e',
      '..%2f',
      '..\\',
      '.%2e',
      '%252e%252e',
      '..;',
      '\u2025',
      '%c0%ae%c0%ae',
    ]
    const ends = [
      '/secret.txt',
      '%2fsecret.txt',
      '\\secret.txt',
      '/etc/passwd',
      '\0.txt',
      '/CON.txt',
      ' ',
      '',
    ]
    const payloads = ups.flatMap((up) =>
      ends.flatMap((end) => [1, 2, 4].map((n) => up.repeat(n) + end)),
    )
    const { app } = asking()
    for (const name of [...payloads, '/etc/passwd', `${'a'.repeat(4096)}.txt`, 'file:///x.txt']) {
      expect(await staticFile(path.join(folder, 'inner'), name, {}), name).toBeUndefined()
      for (const at of [`/assets/${name}`, `/docs/${name}`, `/${encodeURIComponent(name)}`]) {
        const response = await Promise.resolve(app.request(`http://localhost${at}`)).catch(
          () => undefined,
        )
        const text = (await response?.text()) ?? ''
        expect(text.includes('secret.txt') || text.includes('root:'), at).toBe(
          text.includes('"instance"') && text.includes('secret.txt'),
        )
      }
    }
    console.log(`paths: ${payloads.length + 3} names, 0 files outside the folder`)
    expect(readdirSync(folder)).toEqual(['secret.txt'])
    rmSync(folder, { recursive: true })
    expect(payloads.length).toBeGreaterThan(200)
  })

  it('leave every prototype as it was', async () => {
    const { ask, keyOf } = asking()
    const admin = bearer(await keyOf('admin'))
    const before = [Object, Array, Function, String].map(
      (one) => Reflect.ownKeys(one.prototype).length,
    )
    const keys = ['__proto__', 'constructor', 'prototype', '__proto__.x', 'constructor.prototype']
    for (const key of keys)
      for (const at of ['/v1/budget', '/v1/mode', '/v1/services/search/mode']) {
        const body = `{"mode":"off","${key}":{"polluted":1,"role":"admin"}}`
        expect((await ask('PUT', at, admin, body)).status).toBe(400)
        expect((await ask('GET', `/v1/services?${key}[polluted]=1`, admin)).status).toBe(400)
      }
    for (const key of keys) {
      const named = await ask('GET', `/v1/services/${encodeURIComponent(key)}`, admin)
      expect([400, 404]).toContain(named.status)
    }
    expect(
      [Object, Array, Function, String].map((one) => Reflect.ownKeys(one.prototype).length),
    ).toEqual(before)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })

  it('that are deep or have very many keys are refused before they are parsed', async () => {
    const { ask, keyOf } = asking()
    const admin = bearer(await keyOf('admin'))
    const deep = await ask('PUT', '/v1/mode', admin, '['.repeat(30_000))
    expect([deep.status, Refused.parse(await deep.json()).errors[0]?.value]).toEqual([
      400,
      '30000 levels',
    ])
    expect(measure('{"a\\"{[":[{"b":1}],"c\\\\":"}"}')).toEqual({ depth: 3, keys: 3 })
    const sinceMs = performance.now()
    const many = `{"samples":[],${Array.from({ length: 600_000 }, (_, i) => `"${i}":1`).join()}}`
    expect((await ask('POST', '/v1/samples', admin, many)).status).toBe(400)
    expect(performance.now() - sinceMs).toBeLessThan(5000)
  })
})
