/** Networks as they are written in a configuration, and whether an address lies in one: callers' and our own. */
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

/** An address or a range of addresses. */
export const Network = z
  .string()
  .refine(
    (text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text),
    'must be an IP address or a range such as 10.0.0.0/8',
  )

type Address = ipaddr.IPv4 | ipaddr.IPv6
/** An address and how many of its bits count. */
export type NetworkRange = readonly [Address, number]

export function rangesOf(networks: readonly string[]): readonly NetworkRange[] {
  return networks.map((network): NetworkRange => {
    if (network.includes('/')) return ipaddr.parseCIDR(network)
    const address = ipaddr.process(network)
    return [address, address instanceof ipaddr.IPv4 ? 32 : 128]
  })
}

export function isWithin(address: string, ranges: readonly NetworkRange[]): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return ranges.some(([network, bits]) => {
    if (parsed instanceof ipaddr.IPv4)
      return network instanceof ipaddr.IPv4 && parsed.match(network, bits)
    return network instanceof ipaddr.IPv6 && parsed.match(network, bits)
  })
}
