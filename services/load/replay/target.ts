/** Whom a replay asks, and how: nobody is put under load by mistake, so what is not this machine must be allowed. */
import { z } from 'zod'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export const Method = z.enum(METHODS)
export type Method = z.infer<typeof Method>

/** Said by the connection itself. */
const OWN_HEADERS = ['connection', 'content-length', 'transfer-encoding', 'upgrade', 'expect']
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/

export interface Target {
  readonly url: URL
  readonly method: Method
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

/** A wrong target: what it says names field, value and what is allowed. */
export class TargetError extends Error {
  constructor(field: string, value: string, allowed: string) {
    super(`${field}: "${value}" is not allowed; allowed: ${allowed}`)
  }
}

/** Throws TargetError for what is no http(s) address, and for any but this machine unless `allowRemote`. */
export function readTargetUrl(text: string, allowRemote: boolean): URL {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new TargetError('target', text, 'http://… or https://…')
  if (url.username !== '' || url.password !== '')
    throw new TargetError(
      'target',
      url.origin,
      'no user and password in it: --header authorization',
    )
  if (!allowRemote && !isLoopback(url.hostname)) {
    const allowed =
      'localhost, 127.0.0.0/8, [::1]; any other with --allow-remote, if you may load it'
    throw new TargetError('target', url.origin, allowed)
  }
  return url
}

/** By the address as it is written: a name that would have to be looked up first is none, but for `localhost`. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    // URL has made the usual form of it: 127.1 is 127.0.0.1 here
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  )
}

/** Of lines `name: value`. Throws TargetError. */
export function readHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? []
    const key = name.toLowerCase()
    if (key === '' || OWN_HEADERS.includes(key)) {
      const allowed = `"name: value", but none of ${OWN_HEADERS.join(', ')}`
      // a value may be a secret
      throw new TargetError('header', line.split(':')[0]!, allowed)
    }
    headers[key] = value.trim()
  }
  return headers
}
