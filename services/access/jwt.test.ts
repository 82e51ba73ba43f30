/** Tokens as RFC 8725 and its attackers have them. Each case says what it is; the count of wrong accepts is printed: 0. */
import { beforeEach, describe, expect, it } from 'vitest'
import { JwtConfig } from './config.ts'
import { createJwtVerifier, type JwtVerifier, TokenRefused } from './jwt.ts'
import {
  AUDIENCE,
  hmacSigned,
  ISSUER,
  signed,
  type TestIssuer,
  type TestKey,
  testIssuer,
  testKey,
  unsigned,
} from './test-issuer.ts'

const RSA = testKey('rsa-1', 'RS256')
const EC = testKey('ec-1', 'ES256')
const STRANGER = testKey('rsa-1', 'RS256')
const NOW_MS = Date.parse('2026-11-21T08:00:00Z')
const NOW_S = NOW_MS / 1000

const headerOf = ({ alg, kid }: TestKey, over: object = {}) => ({ alg, kid, typ: 'JWT', ...over })
const claims = (over: object = {}) => ({
  ...{ iss: ISSUER, aud: AUDIENCE, sub: 'ann', roles: ['sre'] },
  ...{ iat: NOW_S - 60, exp: NOW_S + 600 },
  ...over,
})
const token = (key: TestKey, over: object = {}, header: object = {}) =>
  signed(key, headerOf(key, header), claims(over))

let issuer: TestIssuer
let nowMs: number
let verifier: JwtVerifier
const config = JwtConfig.parse({
  issuer: ISSUER,
  audience: AUDIENCE,
  roles: { sre: 'operator', boss: 'admin' },
})

function verifierOf(over: Partial<JwtConfig> = {}): JwtVerifier {
  return createJwtVerifier({
    config: { ...config, ...over },
    groups: () => ({ cart: ['cart-*'] }),
    nowMs: () => nowMs,
    fetchJson: issuer.fetchJson,
  })
}
beforeEach(() => {
  issuer = testIssuer(RSA, EC)
  nowMs = NOW_MS
  verifier = verifierOf()
})
const refusal = (text: string): Promise<unknown> =>
  verifier.verify(text).then(
    () => 'accepted',
    (error) => error,
  )

const pem = RSA.publicKey.export({ format: 'pem', type: 'spki' }).toString()
const forged = { ...headerOf(RSA), alg: 'HS256' }
const bare = { alg: 'none', typ: 'JWT' }
const own = STRANGER.publicKey.export({ format: 'jwk' })
const stolen = token(RSA).split('.')
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)

const ATTACKS: Readonly<Record<string, () => string>> = {
  'no signature, alg none': () => unsigned(bare, claims()),
  'alg None': () => unsigned({ ...bare, alg: 'None' }, claims()),
  'alg nOnE': () => unsigned({ ...bare, alg: 'nOnE' }, claims()),
  'alg NONE with a signature': () => unsigned({ ...bare, alg: 'NONE' }, claims(), stolen[2]),
  'alg empty': () => unsigned({ ...bare, alg: '' }, claims()),
  'no alg': () => unsigned({ typ: 'JWT' }, claims()),
  'alg an array': () => unsigned({ alg: ['RS256'], kid: 'rsa-1' }, claims()),
  'the signature left out': () => unsigned(headerOf(RSA), claims()),
  'the signature of another token': () =>
    unsigned(headerOf(RSA), claims({ sub: 'eve' }), stolen[2]),
  'a signature of zeros (ES256, CVE-2022-21449)': () =>
    unsigned(headerOf(EC), claims(), Buffer.alloc(64).toString('base64url')),
  'r = n, s = 1': () =>
    unsigned(
      headerOf(EC),
      claims(),
      Buffer.concat([
        Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'),
        Buffer.from('1'.padStart(64, '0'), 'hex'),
      ]).toString('base64url'),
    ),
  'HS256 with the public key as PEM': () => hmacSigned(pem, forged, claims()),
  'HS256 with the PEM, trimmed': () => hmacSigned(pem.trim(), forged, claims()),
  'HS256 with the public key as DER': () =>
    hmacSigned(RSA.publicKey.export({ format: 'der', type: 'spki' }), forged, claims()),
  'HS256 with the public key as JWK': () =>
    hmacSigned(JSON.stringify(RSA.publicKey.export({ format: 'jwk' })), forged, claims()),
  'HS256 with an empty secret': () => hmacSigned('', forged, claims()),
  'RS256 said of an EC key': () => signed(EC, { ...headerOf(EC), alg: 'RS256' }, claims()),
  'ES256 said of an RSA key': () => signed(RSA, { ...headerOf(RSA), alg: 'ES256' }, claims()),
  'an algorithm that is not configured (PS256)': () => token(RSA, {}, { alg: 'PS256' }),
  'a key of somebody else under the same kid': () => token(STRANGER),
  'an unknown kid': () => token(RSA, {}, { kid: 'rsa-9' }),
  'a kid that leads to a file': () => hmacSigned('', { ...forged, kid: '/dev/null' }, claims()),
  'a kid that climbs': () => token(STRANGER, {}, { kid: '../../etc/passwd' }),
  'a kid that is SQL': () => token(STRANGER, {}, { kid: "x' UNION SELECT 'key'--" }),
  'a kid that is an address': () => token(STRANGER, {}, { kid: 'https://evil.example/key' }),
  'a kid that is no text': () => token(STRANGER, {}, { kid: { $ne: null } }),
  'a kid called __proto__': () => token(STRANGER, {}, { kid: '__proto__' }),
  'its own key (jwk)': () => token(STRANGER, {}, { jwk: own }),
  'its own key, rightly signed': () => token(RSA, {}, { jwk: own }),
  'an address of keys (jku)': () => token(RSA, {}, { jku: 'https://evil.example/keys' }),
  'an address of a certificate (x5u)': () => token(RSA, {}, { x5u: 'https://evil.example/c' }),
  'a certificate (x5c)': () => token(RSA, {}, { x5c: ['MIIB'] }),
  'a critical header that nobody knows': () => token(RSA, {}, { crit: ['exp'], exp: 1 }),
  'an empty list of critical headers': () => token(RSA, {}, { crit: [] }),
  'a payload that is not encoded (b64)': () => token(RSA, {}, { crit: ['b64'], b64: false }),
  'another issuer': () => token(RSA, { iss: 'https://evil.example' }),
  'an issuer with a slash more': () => token(RSA, { iss: `${ISSUER}/` }),
  'no issuer': () => token(RSA, { iss: undefined }),
  'another audience': () => token(RSA, { aud: 'grafana' }),
  'other audiences': () => token(RSA, { aud: ['grafana', 'forescale2'] }),
  'no audience': () => token(RSA, { aud: undefined }),
  'no subject': () => token(RSA, { sub: undefined }),
  expired: () => token(RSA, { exp: NOW_S - 31 }),
  'no end': () => token(RSA, { exp: undefined }),
  'an end that is text': () => token(RSA, { exp: String(NOW_S + 600) }),
  'an end that never comes (1e999)': () =>
    signed(RSA, headerOf(RSA), JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999')),
  'an end after all dates': () => token(RSA, { exp: 9e12 }),
  'not valid yet': () => token(RSA, { nbf: NOW_S + 31 }),
  'issued in the future': () => token(RSA, { iat: NOW_S + 61 }),
  'no role': () => token(RSA, { roles: undefined }),
  'a role that is not mapped': () => token(RSA, { roles: ['admin'] }),
  'a role called __proto__': () => token(RSA, { roles: ['__proto__', 'constructor'] }),
  'a role in an object': () => token(RSA, { roles: { sre: true } }),
  'an ID token of another kind (typ)': () => token(RSA, {}, { typ: 'logout+jwt' }),
  'claims that are no object': () => signed(RSA, headerOf(RSA), 'null'),
  'claims that are no JSON': () => signed(RSA, headerOf(RSA), '{'),
  'deep claims': () => signed(RSA, headerOf(RSA), `{"iss":"${ISSUER}","x":${nested(500)}}`),
  'a JWE': () =>
    'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA',
  'a JWS in JSON form': () => JSON.stringify({ payload: stolen[1], signature: stolen[2] }),
  'four parts': () => `${token(RSA)}.x`,
  'two parts': () => stolen.slice(0, 2).join('.'),
  nothing: () => '',
  dots: () => '..',
  'a blank at its end': () => `${token(RSA)} `,
  'padding in base64url': () => `${stolen[0]}=.${stolen[1]}.${stolen[2]}`,
  'one bit of the payload flipped': () =>
    `${stolen[0]}.${stolen[1]!.slice(0, -2)}${stolen[1]!.at(-2) === 'A' ? 'B' : 'A'}${stolen[1]!.at(-1)}.${stolen[2]}`,
  '1 MB': () => token(RSA, { padding: 'x'.repeat(1024 * 1024) }),
  'a bit more than 8 KiB': () => token(RSA, { padding: 'x'.repeat(8000) }),
}

describe('a token', () => {
  it('rightly signed says who asks, and for how long', async () => {
    for (const key of [RSA, EC]) {
      const { caller, endsAtMs } = await verifier.verify(token(key))
      expect(caller).toMatchObject({ actor: 'jwt:ann', role: 'operator', groups: null })
      expect(endsAtMs).toBe((NOW_S + 600 + 30) * 1000)
    }
  })

  it('may end or begin a little off, as clocks differ, and no more', async () => {
    const inside = [{ exp: NOW_S - 29 }, { nbf: NOW_S + 29 }, { iat: NOW_S + 29 }]
    for (const over of inside) await expect(verifier.verify(token(RSA, over))).resolves.toBeTruthy()
  })

  it.each(Object.keys(ATTACKS))('is refused: %s', async (name) => {
    expect(await refusal(ATTACKS[name]!())).toBeInstanceOf(TokenRefused)
  })

  it('is refused in all of these ways, and none makes us ask a stranger', async () => {
    const answers = await Promise.all(Object.values(ATTACKS).map((make) => refusal(make())))
    const wrong = answers.filter((answer) => answer === 'accepted').length
    console.log(`tokens: ${answers.length} attacks, ${wrong} accepted`)
    expect([wrong, answers.length >= 60]).toEqual([0, true])
    expect(issuer.addresses.every((url) => url.startsWith(`${ISSUER}/`))).toBe(true)
  })

  it('has the highest of its roles, from a claim within claims too', async () => {
    const { caller } = await verifier.verify(token(RSA, { roles: ['sre', 'boss', 'other'] }))
    expect(caller.role).toBe('admin')
    verifier = verifierOf({ roleClaim: 'realm_access.roles' })
    const within = token(RSA, { realm_access: { roles: ['sre'] } })
    expect((await verifier.verify(within)).caller.role).toBe('operator')
    verifier = verifierOf({ roleClaim: 'https://example.org/roles' })
    const dotted = token(RSA, { 'https://example.org/roles': 'boss' })
    expect((await verifier.verify(dotted)).caller.role).toBe('admin')
  })

  it('may be bound to groups, of which unknown ones cover nothing', async () => {
    verifier = verifierOf({ groupClaim: 'teams' })
    const { caller } = await verifier.verify(token(RSA, { teams: ['cart', 'gone', '__proto__'] }))
    expect(['cart-db', 'cart-', 'cart', 'pay'].map(caller.covers)).toEqual([
      true,
      true,
      false,
      false,
    ])
    const { caller: nobody } = await verifier.verify(token(RSA, { teams: undefined }))
    expect(nobody.covers('cart-db')).toBe(false)
  })

  it('that was accepted is refused once it has ended', async () => {
    const text = token(RSA, { exp: NOW_S + 5 })
    await verifier.verify(text)
    nowMs += 34_000
    await expect(verifier.verify(text)).resolves.toBeTruthy()
    nowMs += 2000
    expect(await refusal(text)).toBeInstanceOf(TokenRefused)
  })
})

describe('the key set', () => {
  it('is asked for once, whatever comes', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => verifier.verify(token(RSA, { n: i }))))
    for (let i = 0; i < 50; i++) await refusal(token(STRANGER, {}, { kid: `stranger-${i}` }))
    expect(issuer.asked).toBe(1)
    nowMs += 30_000
    for (let i = 0; i < 50; i++) await refusal(token(STRANGER, {}, { kid: `stranger-${i}` }))
    expect(issuer.asked).toBe(2)
  })

  it('is read again when keys were changed, and old ones hold no more', async () => {
    await verifier.verify(token(RSA))
    const next = testKey('rsa-2', 'RS256')
    issuer.keys = [next]
    nowMs += 30_000
    await expect(verifier.verify(token(next))).resolves.toBeTruthy()
    expect(await refusal(token(RSA, { fresh: true }))).toBeInstanceOf(TokenRefused)
  })

  it('goes on to hold while the issuer is down, for a day', async () => {
    await verifier.verify(token(RSA))
    issuer.isDown = true
    nowMs += 3600_000
    const later = { iat: NOW_S + 3600, exp: NOW_S + 7200 }
    await expect(verifier.verify(token(RSA, later))).resolves.toBeTruthy()
    nowMs += 24 * 3600_000
    const muchLater = { iat: NOW_S, exp: NOW_S + 48 * 3600 }
    expect(await refusal(token(RSA, muchLater))).toBeInstanceOf(TokenRefused)
    issuer.isDown = false
    nowMs += 30_000
    await expect(verifier.verify(token(RSA, muchLater))).resolves.toBeTruthy()
  })

  it('must come from the issuer: another in its discovery document is refused', async () => {
    const { fetchJson } = issuer
    for (const lie of [
      { issuer: 'https://evil.example', jwks_uri: `${ISSUER}/keys` },
      { issuer: ISSUER, jwks_uri: 'https://evil.example/keys' },
      { issuer: ISSUER, jwks_uri: 'http://issuer.example/keys' },
    ]) {
      issuer.fetchJson = async (url) => (url.endsWith('configuration') ? lie : fetchJson(url))
      verifier = verifierOf()
      expect(await refusal(token(RSA))).toBeInstanceOf(TokenRefused)
    }
    expect(issuer.addresses).toEqual([])
  })
})
