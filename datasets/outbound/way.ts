/**
 * The guarded way to one server that a configuration or a person names, for clients that bring a transport of their own
 * (InfluxDB's by Node's http, Prometheus' by undici). What cannot be meant by the address's text is refused here and now,
 * what its name resolves to at every connection; neither transport may follow a redirect.
 */
import type { LookupFunction } from 'node:net'
import type { TLSSocketOptions } from 'node:tls'
import type { Agent, RequestInit, Response } from 'undici'
import {
  checkedLookup,
  checkLiteral,
  checkUrl,
  OutboundRefused,
  type Resolve,
  rulesOf,
} from './rules.ts'

/** Kept connections of a client that asks every tick; the server's own limit counts when it is shorter. */
const KEEP_ALIVE_MS = 30_000

export interface WayOptions {
  /** Where the server may be (CIDR); not given: anywhere that is not refused to everybody. */
  readonly networks?: readonly string[] | undefined
  /** For tests. */
  readonly lookup?: Resolve | undefined
  /** Authorities, certificates and names of a server that asks for its own. */
  readonly tls?: Pick<TLSSocketOptions, 'ca' | 'cert' | 'key'> & { readonly servername?: string }
}

export interface Way {
  /** For Node's http: asked at every connection. */
  readonly lookup: LookupFunction
  /** A redirect rejects: it would carry the server's token elsewhere. */
  fetch(url: string, init: Omit<RequestInit, 'dispatcher' | 'redirect'>): Promise<Response>
}

/** Throws OutboundRefused, naming the address without what may be secret in it. */
export function wayTo(server: string, { networks, lookup, tls = {} }: WayOptions = {}): Way {
  const allow = rulesOf([server]).map((rule) => ({ ...rule, networks }))
  const { rule } = checked(server, allow)
  const guard = checkedLookup(rule, lookup)
  let agent: Agent | undefined
  return {
    lookup: guard,
    async fetch(url, init) {
      checked(url, allow)
      const undici = await import('undici')
      agent ??= new undici.Agent({
        ...{ allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS },
        // every request brings its own deadline
        ...{ headersTimeout: 0, bodyTimeout: 0 },
        connect: { ...tls, lookup: guard },
      })
      return undici.fetch(url, { ...init, redirect: 'error', dispatcher: agent })
    },
  }
}

function checked(text: string, allow: ReturnType<typeof rulesOf>) {
  try {
    const found = checkUrl(text, allow)
    checkLiteral(found.url, found.rule)
    return found
  } catch (cause) {
    if (!(cause instanceof OutboundRefused)) throw cause
    throw new OutboundRefused(`${shown(text)} is not asked: ${cause.message}`, { cause })
  }
}

/** Without user, password, path and query. */
function shown(text: string): string {
  const url = URL.parse(text)
  return url === null ? 'what is no address' : `${url.protocol}//${url.host}`
}

/** The body as text. Throws for one that is longer, without reading the rest of it. */
export async function readAtMost(
  { body }: Pick<Response, 'body'>,
  mostBytes: number,
): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    // leaving the loop cancels the rest of the body
    if (bytes > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
