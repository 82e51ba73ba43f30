/** A canary in twelve places: it must come out nowhere, neither as it is nor as base64, hexadecimal or in an address. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lockedApp } from '../http/test-callers.ts'
import { createLogger } from './log.ts'
import { addSecretsOf, createSecrets, secrets } from './secrets.ts'

const CANARY = 'Kanari"en/vogel+42 ü\\n'
const written = (text: string): string[] => [
  text,
  JSON.stringify(text).slice(1, -1),
  encodeURIComponent(text),
  Buffer.from(text).toString('base64'),
  Buffer.from(text).toString('base64url'),
  Buffer.from(text).toString('hex'),
  Buffer.from(`admin:${text}:x`).toString('base64'),
]

function collect() {
  let text = ''
  const to = {
    write(line: string) {
      text += line
    },
  }
  const log = createLogger('test', { env: { LOG_LEVEL: 'trace' }, to })
  return { log, text: () => text }
}

describe('a secret', () => {
  it('that the configuration names is hidden wherever it is written in a log', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'forescale-secrets-'))
    const file = path.join(folder, 'token')
    writeFileSync(file, `${CANARY}-file\n`)
    const config = {
      ledger: { urlEnv: 'DSN' },
      store: { tokenFile: file },
      alerts: { webhooks: [{ url: 'https://x.example', secretEnv: 'HOOK' }] },
    }
    const dsn = `postgres://forescale:${encodeURIComponent(`${CANARY}-dsn`)}@db/x`
    addSecretsOf(config, { DSN: dsn, HOOK: `${CANARY}-hook` })
    const { log, text } = collect()
    const values = [`${CANARY}-file`, `${CANARY}-dsn`, `${CANARY}-hook`]
    let places = 0
    for (const value of values)
      for (const form of written(value)) {
        log.trace({ env: { HOOK: form } }, 'a variable')
        log.debug({ url: `https://user:${form}@host/path` }, 'an address')
        log.info({ headers: { authorization: `Bearer ${form}`, cookie: `a=${form}` } }, 'headers')
        log.warn(
          { err: new Error(`connect to ${form} failed`, { cause: new Error(form) }) },
          'error',
        )
        log.error(`the text itself: ${form}`)
        log.fatal({ nested: { deep: [{ token: form, dsn: form, grpc: { metadata: form } }] } })
        places += 12
      }
    rmSync(folder, { recursive: true })
    // of a longer text in base64 the middle gives it away, too
    const traces = values.flatMap(written).flatMap((form) => [form, form.slice(12, 32)])
    const found = traces.filter((form) => text().includes(form))
    console.log(`secrets: ${places} places in logs, ${found.length} found again`)
    expect(text().split('\n').length).toBeGreaterThan(100)
    expect(found).toEqual([])
  })

  it('that nobody named is hidden where it looks like one', () => {
    const { log, text } = collect()
    const key = `fsk_0123456789ab_${'S'.repeat(43)}`
    const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'
    for (const secret of [key, jwt, 'Bearer abcdefghijkl', 'amqp://user:pass1word@host/']) {
      log.info({ err: new Error(`failed with ${secret}`), any: secret }, secret)
    }
    for (const rest of ['SSSSSS', 'c2lnbmF0dXJl', 'abcdefghijkl', 'pass1word'])
      expect(text(), rest).not.toContain(rest)
    expect(text()).toContain('fsk_0123456789ab_[hidden]') // which key it was may be known
  })

  it('is hidden whatever it is, and nothing else is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 8, maxLength: 60, unit: 'binary' }),
        fc.nat(2),
        (value, offset) => {
          fc.pre(Buffer.from(value).toString() === value && encodable(value))
          const own = createSecrets()
          own.add(value)
          const packed = Buffer.from(`${'x'.repeat(offset)}${value}yz`).toString('base64')
          expect(own.hide(`a ${value} b`)).not.toContain(value)
          expect(own.hide(packed)).not.toBe(packed)
          expect(own.hide(encodeURIComponent(value))).toBe('[hidden]')
        },
      ),
    )
    const plain = 'mode recommend, 3 services, https://host:8080/path?x=1 and user@example.com'
    expect(createSecrets().hide(plain)).toBe(plain)
  })
})

const encodable = (text: string): boolean => {
  try {
    encodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

describe('the API', () => {
  it('shows no secret in its configuration, problems, pages, or the audit log', async () => {
    const hidden = 'https-hook-secret-path-9431'
    secrets.add(hidden)
    const locked = lockedApp()
    const { config } = locked.parts.state
    const webhook = { url: `https://u:${hidden}@x.example/`, minSeverity: 'info' as const }
    locked.parts.state.config = { ...config, alerts: { ...config.alerts, webhooks: [webhook] } }
    locked.parts.state.health = [{ name: 'store', ok: false, detail: `auth failed for ${hidden}` }]
    const token = await locked.keyOf('admin')
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const answers: string[] = []
    for (const at of [
      '/v1/config',
      '/readyz?verbose=true',
      '/metrics',
      '/v1/keys',
      '/openapi.json',
    ])
      answers.push(await (await locked.app.request(at, { headers })).text())
    const body = JSON.stringify({ number: 2, why: hidden })
    await locked.app.request('/v1/models/search/promote', { method: 'POST', headers, body })
    for (const at of [`/v1/alerts?service=${hidden}&limit=0`, '/v1/audit', `/v1/alerts/${hidden}`])
      answers.push(await (await locked.app.request(at, { headers })).text())
    const all = answers.join('\n')
    expect(all).toContain('model.promote')
    expect(all).not.toContain(hidden)
    expect(all).not.toContain(token.slice(-43))
  })
})
