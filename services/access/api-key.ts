/**
 * API keys: `fsk_<id>_<secret>`. The id finds the row, the secret is 256 random bits of which only the SHA-256 is kept:
 * with that much chance in it there is nothing to guess, so a slow hash would only slow down every request.
 */
import { hash as digest, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { GroupName, Role } from './role.ts'

export const KeyId = z
  .string()
  .regex(/^[0-9a-f]{12}$/, 'the 12 hexadecimal digits that `forescale keys list` shows')
export const KeyName = z
  .string()
  .regex(/^[\w][\w .@-]{0,62}$/, 'letters, digits, blanks and . _ @ -, at most 63')

/** A key as it is kept and shown; the secret is in neither. */
export const ApiKey = z
  .strictObject({
    id: KeyId,
    name: KeyName,
    role: Role,
    groups: z.array(GroupName).nullable().meta({
      description: 'Groups of services (http.auth.groups) that it is for; null: all services.',
    }),
    createdAtMs: z.number(),
    createdBy: z.string(),
    expiresAtMs: z.number().nullable(),
    revokedAtMs: z.number().nullable(),
    revokedBy: z.string().nullable(),
    replacedBy: z.string().nullable().meta({ description: 'The key that rotation put after it.' }),
    lastUsedAtMs: z.number().nullable().meta({ description: 'To the minute.' }),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof ApiKey>

/** With the SHA-256 of the whole token, hexadecimal. */
export interface StoredKey extends ApiKey {
  readonly hash: string
}

const TOKEN = /^fsk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/
const ID_BYTES = 6
const SECRET_BYTES = 32

export interface Minted {
  readonly id: string
  /** Shown once, to whoever made it. */
  readonly token: string
  readonly hash: string
}

/** `random` gives that many bytes that nobody can guess. */
export function mintKey(random: (bytes: number) => Buffer): Minted {
  const id = random(ID_BYTES).toString('hex')
  const token = `fsk_${id}_${random(SECRET_BYTES).toString('base64url')}`
  return { id, token, hash: sha256Hex(token) }
}

/** The id in a token; undefined when it is no key of ours. */
export const keyIdOf = (token: string): string | undefined => TOKEN.exec(token)?.[1]

export const sha256Hex = (text: string): string => digest('sha256', text, 'hex')

const NOBODY = '0'.repeat(64)

/** Compares in the same time whether or not there is such a key. */
export function isSecretOf(token: string, key: Pick<StoredKey, 'hash'> | undefined): boolean {
  const given = digest('sha256', token, 'buffer')
  const same = timingSafeEqual(given, Buffer.from(key?.hash ?? NOBODY, 'hex'))
  return same && key !== undefined
}

export const isAlive = (
  { revokedAtMs, expiresAtMs }: Pick<ApiKey, 'revokedAtMs' | 'expiresAtMs'>,
  nowMs: number,
): boolean => revokedAtMs === null && (expiresAtMs === null || nowMs < expiresAtMs)
