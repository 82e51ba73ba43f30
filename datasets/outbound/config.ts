/** Addresses in the configuration: what cannot be meant is refused where it is written, not when it is first asked. */
import { z } from 'zod'
import { Network } from './networks.ts'
import { checkLiteral, checkUrl, OutboundRefused, rulesOf } from './rules.ts'

/** http or https, no user and password, and no address that is refused to everybody. */
export const ServerUrl = z
  .url({ protocol: /^https?$/, error: 'must be an address: http://… or https://…' })
  .superRefine((text, context) => {
    const fault = faultOf(text)
    if (fault !== undefined)
      context.addIssue({
        code: 'custom',
        message: `must be an address that may be asked: ${fault}`,
      })
  })

/** Where a server may be; the check is at each connection (rules.ts). */
export const Networks = z.array(Network).min(1).optional().meta({
  description:
    'Networks in which the server is: a name that resolves elsewhere is not connected to. Left out: anywhere but link-local, metadata and reserved addresses, and loopback only where the address says so.',
})

function faultOf(text: string): string | undefined {
  try {
    const { url, rule } = checkUrl(text, rulesOf([text]))
    checkLiteral(url, rule)
    return undefined
  } catch (error) {
    if (error instanceof OutboundRefused) return error.message
    throw error
  }
}
