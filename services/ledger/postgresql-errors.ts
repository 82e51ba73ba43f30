/** What errors of PostgreSQL and of the way to it mean for the ledger. Codes: PostgreSQL 15, appendix A. */
import { Fenced, LedgerError, LedgerUnavailable } from './ledger.ts'

/** serialization_failure, deadlock_detected */
const CONFLICTS = new Set(['40001', '40P01'])

/** Connection exceptions, resources that ran out, and what an operator ends or a crash interrupts. */
const UNAVAILABLE_CLASSES = ['08', '53', '57', '58', 'XX']
const UNAVAILABLE_SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
])
/** What node-postgres says without a code. */
const UNAVAILABLE_WORDS =
  /connection terminated|connection ended|timeout exceeded|query read timeout|not queryable|client was closed/i

interface Coded {
  readonly code?: unknown
  readonly message?: unknown
  readonly cause?: unknown
}

/** The errors under `error`, itself first: drizzle wraps what the driver throws. */
function chainOf(error: unknown): Coded[] {
  const chain: Coded[] = []
  let next: unknown = error
  while (typeof next === 'object' && next !== null && chain.length < 5) {
    chain.push(next as Coded)
    next = (next as Coded).cause
  }
  return chain
}

export const isConflict = (error: unknown): boolean =>
  chainOf(error).some(({ code }) => typeof code === 'string' && CONFLICTS.has(code))

function isUnavailable(error: unknown): boolean {
  return chainOf(error).some(({ code, message }) => {
    if (typeof code === 'string' && UNAVAILABLE_SYSTEM.has(code)) return true
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code))
      return UNAVAILABLE_CLASSES.includes(code.slice(0, 2)) || CONFLICTS.has(code)
    return typeof message === 'string' && UNAVAILABLE_WORDS.test(message)
  })
}

/** As the ledger's port has it; what is none of these stays as it is. */
export function ledgerErrorOf(error: unknown): unknown {
  if (error instanceof LedgerError) return error
  if (chainOf(error).some((one) => one instanceof Fenced))
    return chainOf(error).find((one) => one instanceof Fenced)
  if (!isUnavailable(error)) return error
  const [, root] = chainOf(error)
  const { message } = (root ?? error) as Coded
  return new LedgerUnavailable(`the ledger's database does not answer (${message})`, {
    cause: error,
  })
}
