/**
 * The address that a request is counted by: that of the connection. What X-Forwarded-For says is believed only as far
 * as trusted proxies wrote it: read from the right, the first address that is none of theirs.
 */
import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Range = readonly [Address, number]

export function rangesOf(networks: readonly string[]): readonly Range[] {
  return networks.map((network): Range => {
    if (network.includes('/')) return ipaddr.parseCIDR(network)
    const address = ipaddr.process(network)
    return [address, address instanceof ipaddr.IPv4 ? 32 : 128]
  })
}

export function isWithin(address: string, ranges: readonly Range[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return ranges.some(([network, bits]) => {
    if (parsed instanceof ipaddr.IPv4)
      return network instanceof ipaddr.IPv4 && parsed.match(network, bits)
    return network instanceof ipaddr.IPv6 && parsed.match(network, bits)
  })
}

/** Most proxies in a row that are followed. */
const MOST_HOPS = 32

export function clientAddress(
  connected: string,
  forwardedFor: string | undefined,
  trusted: readonly Range[],
): string {
  if (forwardedFor === undefined || trusted.length === 0 || !isWithin(connected, trusted))
    return connected
  const hops = forwardedFor.split(',').slice(-MOST_HOPS)
  let nearest = connected
  for (const hop of hops.toReversed()) {
    const address = hop.trim()
    if (!ipaddr.isValid(address)) return nearest // from here on somebody else wrote it
    nearest = ipaddr.process(address).toString()
    if (!isWithin(nearest, trusted)) return nearest
  }
  return nearest
}
