/** What an error says of the request that it ended: was it refused, or may it be done all the same? */
import { z } from 'zod'

/** Where HTTP's status stands: ours, undici's and Google's; Azure's and Docker's; AWS's. */
const Answered = z.union([
  z.object({ status: z.number() }).transform(({ status }) => status),
  z.object({ statusCode: z.number() }).transform(({ statusCode }) => statusCode),
  z
    .object({ $metadata: z.object({ httpStatusCode: z.number() }) })
    .transform(({ $metadata }) => $metadata.httpStatusCode),
])
/** Node's words for a connection that broke or never came to be, undici's, and Azure's; timers' and signals' names. */
const NETWORK_CODE = /^(E[A-Z]+|UND_ERR_\w+|REQUEST_SEND_ERROR)$/
const NETWORK_NAMES = new Set(['NoAnswer', 'AbortError', 'TimeoutError'])

/** The target did not answer in time. */
export class NoAnswer extends Error {
  override name = 'NoAnswer'
}

/**
 * True after silence, a connection that broke and answers of a server (or of what stands before it) that is not well: what was
 * asked for may be done, or be done yet. False after a refusal, and where the program itself failed before it asked.
 */
export function mayBeDone(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const status = Answered.safeParse(error).data
  if (status !== undefined) return status === 0 || status >= 500
  const isOfNetwork =
    NETWORK_NAMES.has(error.name) ||
    ('code' in error && typeof error.code === 'string' && NETWORK_CODE.test(error.code))
  return isOfNetwork || mayBeDone(error.cause)
}
