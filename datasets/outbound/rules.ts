/**
 * Which addresses may be asked on behalf of a configuration or a person (server-side request forgery, OWASP API7). What is
 * looked at is the address that is really connected to, in the resolver's hook, so that a name which resolves to something
 * else the second time gains nothing. Private networks are where stores live, so they are not the rule: link-local ones
 * (where clouds hand out credentials) and such are never right, loopback only for who wrote loopback.
 */
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { isWithin, rangesOf } from './networks.ts'

/** As `dns.lookup` with `all: true`. */
export type Resolve = typeof systemLookup

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
export function checkLiteral(url: URL, rule: OutboundRule): void {
  const host = bareHost(url)
  if (ipaddr.isValid(host)) checkAddress(host, rule)
}

/** Resolves as `lookup` does, and throws for a name that has any address which `rule` does not reach. */
export function checkedLookup(rule: OutboundRule, lookup: Resolve = systemLookup): LookupFunction {
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
