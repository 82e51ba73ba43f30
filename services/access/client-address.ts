/**
 * The address that a request is counted by: that of the connection. What X-Forwarded-For says is believed only as far
 * as trusted proxies wrote it: read from the right, the first address that is none of theirs.
 */
import ipaddr from 'ipaddr.js'
import { isWithin, type NetworkRange } from '../../datasets/outbound/networks.ts'

/** As proxies write them. What else is read as IPv4 somewhere (1.2.3, 0x7f.1, 010.0.0.9) would give one address many names. */
const isAddress = (text: string): boolean =>
  ipaddr.IPv6.isValid(text) || ipaddr.IPv4.isValidFourPartDecimal(text)

/** Most proxies in a row that are followed. */
const MOST_HOPS = 32

export function clientAddress(
  connected: string,
  forwardedFor: string | undefined,
  trusted: readonly NetworkRange[],
): string {
  if (forwardedFor === undefined || trusted.length === 0 || !isWithin(connected, trusted))
    return connected
  const hops = forwardedFor.split(',').slice(-MOST_HOPS)
  let nearest = connected
  for (const hop of hops.toReversed()) {
    const address = hop.trim()
    if (!isAddress(address)) return nearest // from here on somebody else wrote it
    nearest = ipaddr.process(address).toString()
    if (!isWithin(nearest, trusted)) return nearest
  }
  return nearest
}
