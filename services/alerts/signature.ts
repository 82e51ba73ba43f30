/**
 * Messages to webhooks by the Standard Webhooks specification: `webhook-id` (the same for every repetition),
 * `webhook-timestamp` (Unix seconds of this attempt) and `webhook-signature`, "v1," and the base64 HMAC-SHA256 of
 * "id.timestamp.body". Receivers refuse old timestamps, so a message cannot be played back later.
 */
import { createHmac } from 'node:crypto'

const SECRET_PREFIX = 'whsec_'

/** A secret that begins with "whsec_" is base64 after it; any other is taken as it stands. */
export function keyOf(secret: string): Buffer {
  return secret.startsWith(SECRET_PREFIX)
    ? Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
    : Buffer.from(secret, 'utf8')
}

export function signedHeaders(
  id: string,
  body: string,
  secret: string | undefined,
  nowMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000))
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
  }
  if (secret === undefined) return headers
  const signature = createHmac('sha256', keyOf(secret))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}
