/**
 * Tokens of an identity provider (RFC 7519, checked as RFC 8725 asks): the algorithms are pinned here and not read from
 * the token, keys come only from the issuer's own key set, and a token that wants to bring its key or its address along
 * is refused. The key set is kept and read again when a token names a key that is not in it, at most twice a minute; while
 * the issuer is down the last one goes on to hold for a day.
 */
import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { sha256Hex } from './api-key.ts'
import { type Caller, coverage, type Groups } from './caller.ts'
import type { JwtConfig } from './config.ts'
import { mayAct, type Role } from './role.ts'

const LONGEST_TOKEN = 8192
const TOKEN_REMEMBERED_MS = 30_000
const MOST_REMEMBERED = 10_000
const KEYS_FRESH_MS = 10 * 60_000
const KEYS_HOLD_MS = 24 * 3600_000
const ASK_AGAIN_MS = 30_000

/** The token is not accepted; `reason` is for the log, callers are told nothing. */
export class TokenRefused extends Error {}

export interface JwtVerifier {
  /** Throws TokenRefused. The answer's `endsAtMs` is the token's own end. */
  verify(token: string): Promise<{ caller: Caller; endsAtMs: number }>
}

export interface JwtDeps {
  readonly config: JwtConfig
  readonly groups: () => Groups
  readonly nowMs: () => number
  /** Guarded: goes where the configuration says and nowhere else. Answers parsed JSON. */
  readonly fetchJson: (url: string) => Promise<unknown>
}

const Discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.string() })
const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })
/** What would have the verifier take the key from the token itself, or from where it points. */
const BRINGS_ITS_KEY = ['jku', 'jwk', 'x5u', 'x5c'] as const
/** Decoders forgive blanks and padding, which would give one token many spellings. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/
const TYPES: readonly unknown[] = [undefined, 'JWT', 'jwt', 'at+jwt']
const TIMES = ['exp', 'nbf', 'iat'] as const
/** The last second that a date can be (ECMA-262, time values); JSON's 1e999 is an infinity, which never ends. */
const LAST_S = 8.64e12

export function createJwtVerifier(deps: JwtDeps): JwtVerifier {
  const { config, nowMs } = deps
  const keySet = createKeySet(deps)
  const remembered = new Map<
    string,
    { caller: Caller; endsAtMs: number; untilMs: number; groups: Groups }
  >()

  async function check(token: string): Promise<JWTPayload> {
    if (token.length > LONGEST_TOKEN) throw new TokenRefused('longer than 8 KiB')
    if (!COMPACT.test(token)) throw new TokenRefused('not three parts of base64url')
    const { skewSeconds, issuer, audience } = config
    const verified = await jwtVerify(token, keySet, {
      ...{ issuer, audience, algorithms: [...config.algorithms] },
      clockTolerance: skewSeconds,
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(nowMs()),
    }).catch((cause: unknown) => {
      if (cause instanceof TokenRefused) throw cause
      const why = cause instanceof errors.JOSEError ? cause.code : String(cause)
      throw new TokenRefused(why, { cause })
    })
    const fault = faultOf(verified, nowMs() + skewSeconds * 1000)
    if (fault) throw new TokenRefused(fault)
    return verified.payload
  }
  return {
    async verify(token) {
      const groups = deps.groups()
      const hash = sha256Hex(token)
      const known = remembered.get(hash)
      if (known && nowMs() < known.untilMs && known.groups === groups) return known
      const payload = await check(token)
      const endsAtMs = (payload.exp! + config.skewSeconds) * 1000
      const untilMs = Math.min(endsAtMs, nowMs() + TOKEN_REMEMBERED_MS)
      const found = { caller: tokenCaller(payload, config, groups), endsAtMs, untilMs, groups }
      if (remembered.size >= MOST_REMEMBERED) remembered.clear()
      remembered.set(hash, found)
      return found
    },
  }
}

/** What a rightly signed token may still not say. */
function faultOf({ payload, protectedHeader }: JWTVerifyResult, latestMs: number) {
  const brought = BRINGS_ITS_KEY.find((name) => protectedHeader[name] !== undefined)
  if (brought) return `its header has ${brought}`
  if (!TYPES.includes(protectedHeader.typ)) return `its type is ${protectedHeader.typ}`
  const odd = TIMES.find((name) => Math.abs(payload[name] ?? 0) > LAST_S)
  if (odd) return `its ${odd} is no time`
  if (payload.iat !== undefined && payload.iat * 1000 > latestMs) return 'issued in the future'
  return undefined
}

/** Finds the key for a token's header. */
function createKeySet({ config, nowMs, fetchJson }: JwtDeps) {
  let held: { find: ReturnType<typeof createLocalJWKSet>; atMs: number } | undefined
  let askedAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    const url = config.jwksUrl ?? (await discover(config.issuer, fetchJson))
    const keys = KeySet.parse(await fetchJson(url))
    held = { find: createLocalJWKSet(keys as JSONWebKeySet), atMs: nowMs() }
  }
  /** One question at a time, and not again at once: a stranger's tokens must not become requests to the issuer. */
  async function refresh(): Promise<void> {
    if (asking === undefined && nowMs() - askedAtMs >= ASK_AGAIN_MS) {
      askedAtMs = nowMs()
      asking = ask().finally(() => {
        asking = undefined
      })
    }
    await asking?.catch((cause: unknown) => {
      if (held === undefined) throw new TokenRefused('the key set cannot be read', { cause })
    })
  }
  return async (...given: Parameters<ReturnType<typeof createLocalJWKSet>>) => {
    if (held === undefined || nowMs() - held.atMs > KEYS_FRESH_MS) await refresh()
    if (held === undefined || nowMs() - held.atMs > KEYS_HOLD_MS)
      throw new TokenRefused('there is no key set')
    try {
      return await held.find(...given)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await refresh() // rotated, perhaps
      return held.find(...given)
    }
  }
}

async function discover(
  issuer: string,
  fetchJson: (url: string) => Promise<unknown>,
): Promise<string> {
  const at = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const found = Discovery.parse(await fetchJson(at))
  if (found.issuer !== issuer) throw new TokenRefused(`${at} is of another issuer`)
  const { origin } = new URL(issuer)
  if (new URL(found.jwks_uri).origin !== origin)
    throw new TokenRefused(`its keys are not at ${origin}: set http.auth.jwt.jwksUrl`)
  return found.jwks_uri
}

function tokenCaller(payload: JWTPayload, config: JwtConfig, known: Groups): Caller {
  const role = valuesAt(payload, config.roleClaim)
    .flatMap((value) => (Object.hasOwn(config.roles, value) ? [config.roles[value]!] : []))
    .reduce<Role | undefined>((best, role) => (best && mayAct(best, role) ? best : role), undefined)
  if (role === undefined) throw new TokenRefused('no value of the role claim has a role')
  const groups = config.groupClaim === undefined ? null : valuesAt(payload, config.groupClaim)
  const name = `jwt:${payload.sub}`
  return { actor: name, role, groups, covers: coverage(groups, known), countedAs: name }
}

/** Texts at a dotted path of the claims: one, or a list of them. */
function valuesAt(claims: unknown, at: string): string[] {
  // a claim's own name may hold dots (https://example.org/roles)
  const own = isRecord(claims) && Object.hasOwn(claims, at) ? claims[at] : undefined
  const value =
    own ??
    at
      .split('.')
      .reduce<unknown>(
        (here, key) => (isRecord(here) && Object.hasOwn(here, key) ? here[key] : undefined),
        claims,
      )
  return [value].flat().filter((text): text is string => typeof text === 'string')
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null
