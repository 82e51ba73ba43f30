/**
 * Signed-in browsers. The page never keeps a key: it shows one once and gets a cookie that scripts cannot read, and a
 * token that every change must carry (so that no other page can make the browser do it). Kept in memory: a restart
 * signs everybody out.
 */
import { timingSafeEqual } from 'node:crypto'
import { sha256Hex } from './api-key.ts'
import type { Caller } from './caller.ts'

const MOST_SESSIONS = 10_000
const SECRET_BYTES = 32

export interface Session {
  /** Undefined once what it was opened with has ended. */
  readonly caller: () => Promise<Caller | undefined>
  readonly csrfToken: string
  readonly endsAtMs: number
}

export interface Sessions {
  /** The cookie's value, which only the browser gets. */
  open(caller: Session['caller'], endsAtMs: number): { secret: string; session: Session }
  find(secret: string): Session | undefined
  close(secret: string): void
}

export function createSessions(nowMs: () => number, random: (bytes: number) => Buffer): Sessions {
  const byHash = new Map<string, Session>()
  function forgetEnded(): void {
    for (const [hash, { endsAtMs }] of byHash) if (endsAtMs <= nowMs()) byHash.delete(hash)
    // the oldest goes, so that whoever signs in again and again pushes out himself
    if (byHash.size >= MOST_SESSIONS) byHash.delete(byHash.keys().next().value!)
  }
  return {
    open(caller, endsAtMs) {
      if (byHash.size >= MOST_SESSIONS) forgetEnded()
      const secret = random(SECRET_BYTES).toString('base64url')
      const session = { caller, endsAtMs, csrfToken: random(SECRET_BYTES).toString('base64url') }
      byHash.set(sha256Hex(secret), session)
      return { secret, session }
    },
    find(secret) {
      const session = byHash.get(sha256Hex(secret))
      return session && nowMs() < session.endsAtMs ? session : undefined
    },
    close: (secret) => void byHash.delete(sha256Hex(secret)),
  }
}

export function isCsrfTokenOf({ csrfToken }: Session, given: string | undefined): boolean {
  if (given === undefined) return false
  return timingSafeEqual(
    Buffer.from(sha256Hex(given), 'hex'),
    Buffer.from(sha256Hex(csrfToken), 'hex'),
  )
}
