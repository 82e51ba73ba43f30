/**
 * Requests to addresses that a configuration or a person names (server-side request forgery, OWASP API7). What is looked
 * at is the address that is really connected to, in the resolver's hook, so that a name which resolves to something else
 * the second time gains nothing; redirects are followed on the same host only. Private networks are where stores live, so
 * they are not the rule: link-local ones (where clouds hand out credentials) and such are never right, loopback only for
 * who wrote loopback.
 */
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, fetch as undiciFetch } from 'undici'
import { isWithin, rangesOf } from '../access/client-address.ts'

/** The request was not sent, or its answer not taken. */
export class OutboundRefused extends Error {}

export interface OutboundRule {
  /** A name, `*.domain` or an address; compared without case. */
  readonly host: string
  /** Not given: the scheme's own. */
  readonly port?: number | undefined
  /** Where the host may be; not given: anywhere that is not refused to everybody. */
  readonly networks?: readonly string[] | undefined
}

export interface OutboundOptions {
  readonly allow: readonly OutboundRule[]
  readonly timeoutMs?: number | undefined
  /** As `dns.lookup` with `all: true`; for tests. */
  readonly lookup?: typeof systemLookup | undefined
  readonly mostBytes?: number | undefined
  /** On the same host; 3 when not given. */
  readonly mostRedirects?: number | undefined
}

export interface OutboundAnswer {
  readonly status: number
  readonly text: string
}

export interface OutboundRequest {
  readonly method?: string | undefined
  readonly headers?: Record<string, string> | undefined
  readonly body?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface GuardedFetch {
  (url: string, init?: OutboundRequest): Promise<OutboundAnswer>
  close(): Promise<void>
}

const TIMEOUT_MS = 10_000
const MOST_BYTES = 4 * 1024 * 1024
const MOST_REDIRECTS = 3
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** Never the right place: this network, link-local, benchmarks' and documentation's, multicast, reserved, broadcast. */
const NEVER = rangesOf([
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '198.18.0.0/15'],
  ...['198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
  ...['::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', '2001:db8::/32', 'fd00:ec2::254/128'],
  ...['64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/32', '2002::/16', '100.100.100.200/32'],
])
const LOOPBACK = rangesOf(['127.0.0.0/8', '::1'])

/** Why `url` may not be asked for by its text alone; the rule that allows it otherwise. Throws OutboundRefused. */
export function checkUrl(
  text: string,
  allow: readonly OutboundRule[],
): { url: URL; rule: OutboundRule } {
  const url = URL.parse(text)
  if (url === null) throw new OutboundRefused('it is no address')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new OutboundRefused(`"${url.protocol}" is not http: or https:`)
  if (url.username !== '' || url.password !== '')
    throw new OutboundRefused('it holds a user or a password')
  const host = bareHost(url)
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
  const standard = url.protocol === 'https:' ? 443 : 80
  const rule = allow.find(
    (one) => matchesHost(one.host.toLowerCase(), host) && (one.port ?? standard) === port,
  )
  if (rule === undefined) throw new OutboundRefused(`${host}:${port} is not allowed`)
  return { url, rule }
}

/** Rules that allow just what these addresses name. */
export function rulesOf(urls: readonly string[]): OutboundRule[] {
  return urls.flatMap((text) => {
    const url = URL.parse(text)
    if (url === null) return []
    return [{ host: bareHost(url), port: Number(url.port) || undefined }]
  })
}

export function createGuardedFetch(options: OutboundOptions): GuardedFetch {
  const {
    allow,
    timeoutMs = TIMEOUT_MS,
    mostBytes = MOST_BYTES,
    mostRedirects = MOST_REDIRECTS,
    lookup = systemLookup,
  } = options
  const agents = new Map<OutboundRule, Agent>()
  const agentOf = (rule: OutboundRule): Agent => {
    const known = agents.get(rule)
    if (known) return known
    const agent = new Agent({
      connect: { lookup: checkedLookup(rule, lookup), timeout: timeoutMs },
      ...{ headersTimeout: timeoutMs, bodyTimeout: timeoutMs, maxResponseSize: mostBytes },
    })
    agents.set(rule, agent)
    return agent
  }
  const guarded: GuardedFetch = Object.assign(
    async (text: string, init: OutboundRequest = {}) => {
      const { method = 'GET', headers = {}, body = null } = init
      const late = AbortSignal.timeout(timeoutMs)
      const signal = init.signal ? AbortSignal.any([late, init.signal]) : late
      let at = text
      for (let hop = 0; hop <= mostRedirects; hop++) {
        const { url, rule } = checkUrl(at, allow)
        checkLiteral(url, rule)
        const dispatcher = agentOf(rule)
        const response = await undiciFetch(url, {
          ...{ method, headers, body, dispatcher, signal },
          redirect: 'manual',
        })
        if (!REDIRECTS.includes(response.status))
          return { status: response.status, text: await response.text() }
        await response.body?.cancel()
        at = sameHost(url, response.headers.get('location'))
      }
      throw new OutboundRefused(`more than ${mostRedirects} redirects`)
    },
    { close: async () => void (await Promise.all([...agents.values()].map((a) => a.close()))) },
  )
  return guarded
}

function sameHost(from: URL, location: string | null): string {
  const to = URL.parse(location ?? '', from.href)
  if (to?.host === from.host && to.protocol === from.protocol) return to.href
  throw new OutboundRefused(`it redirects to another host: ${to?.host ?? 'nowhere'}`)
}

/** Throws for an address that `rule` does not reach. */
export function checkAddress(address: string, { host, networks }: OutboundRule): void {
  if (isWithin(address, NEVER)) throw new OutboundRefused(`${address} is refused to everybody`)
  if (networks !== undefined && !isWithin(address, rangesOf(networks)))
    throw new OutboundRefused(`${address} is not in ${networks.join(', ')}`)
  if (!isWithin(address, LOOPBACK)) return
  const wroteLoopback = host === 'localhost' || isWithin(host, LOOPBACK)
  if (!wroteLoopback && networks === undefined)
    throw new OutboundRefused(`${host} resolves to loopback`)
}

/** Node asks no resolver for an address, so that is looked at here. */
function checkLiteral(url: URL, rule: OutboundRule): void {
  const host = bareHost(url)
  if (ipaddr.isValid(host)) checkAddress(host, rule)
}

function checkedLookup(rule: OutboundRule, lookup: typeof systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0)
      try {
        for (const { address } of found) checkAddress(address, rule)
      } catch (refused) {
        return callback(refused as Error, '', 0)
      }
      const [first] = found
      if (options.all) return callback(null, found)
      return callback(null, first?.address ?? '', first?.family ?? 0)
    })
  }
}

/** Without brackets and the dot that may end a name. */
const bareHost = (url: URL): string =>
  url.hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase()

const matchesHost = (pattern: string, host: string): boolean =>
  pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
