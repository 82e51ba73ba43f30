/** An OpenID issuer for tests: real keys, a discovery document, a key set, and tokens as anybody might forge them. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export const ISSUER = 'https://issuer.example/realm'
export const AUDIENCE = 'forescale'

export interface TestKey {
  readonly kid: string
  readonly alg: 'RS256' | 'ES256'
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function testKey(kid: string, alg: TestKey['alg']): TestKey {
  const pair =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { kid, alg, ...pair }
}

export interface TestIssuer {
  keys: TestKey[]
  isDown: boolean
  /** How often its key set was asked for. */
  asked: number
  /** Every address that was asked for. */
  readonly addresses: string[]
  fetchJson(url: string): Promise<unknown>
}

export function testIssuer(...keys: TestKey[]): TestIssuer {
  const issuer: TestIssuer = {
    keys,
    isDown: false,
    asked: 0,
    addresses: [],
    async fetchJson(url) {
      issuer.addresses.push(url)
      if (issuer.isDown) throw new Error('connect ECONNREFUSED')
      if (url === `${ISSUER}/.well-known/openid-configuration`)
        return { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }
      if (url !== `${ISSUER}/keys`) throw new Error(`404 ${url}`)
      issuer.asked++
      const set = issuer.keys.map(({ kid, alg, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        ...{ kid, alg, use: 'sig' },
      }))
      return { keys: set }
    },
  }
  return issuer
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signed as `alg` by a key of ours. */
export function signed(key: TestKey, header: object, claims: object | string): string {
  const input = `${part(header)}.${part(claims)}`
  const options = key.alg === 'ES256' ? { dsaEncoding: 'ieee-p1363' as const } : {}
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, ...options })
  return `${input}.${signature.toString('base64url')}`
}

/** With the signature that is given, whatever it is. */
export const unsigned = (header: object, claims: object, signature = ''): string =>
  `${part(header)}.${part(claims)}.${signature}`

/** Signed with a shared secret, as who knows the public key could. */
export function hmacSigned(secret: Buffer | string, header: object, claims: object): string {
  const input = `${part(header)}.${part(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}
