/** Who asks: the ways to show it, put together as the configuration has them. */
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { AccessLedger } from '../ledger/access-ledger.ts'
import type { Caller, Groups } from './caller.ts'
import type { AuthConfig, JwtConfig } from './config.ts'
import type { JwtVerifier } from './jwt.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { createSessions, type Session, type Sessions } from './sessions.ts'

export interface Access {
  /** Whether a caller has to say who it is. */
  required(): boolean
  /** Of a key or a token; undefined: not accepted, and the log says why. */
  callerOf(token: string): Promise<Caller | undefined>
  /** A session for a key or a token that is accepted. */
  signIn(token: string): Promise<SignedIn | undefined>
  readonly sessions: Sessions
  readonly keys: KeyRing
}

export interface SignedIn {
  readonly secret: string
  readonly session: Session
  readonly caller: Caller
}

export interface AccessDeps {
  readonly ledger: AccessLedger
  readonly config: () => AuthConfig
  /** Wall clock: keys and tokens end by it even where ticks are run by hand. */
  readonly nowMs: () => number
  readonly fetchJson: (url: string) => Promise<unknown>
  readonly log?: Logger | undefined
}

const MINUTE_MS = 60_000

export function createAccess(deps: AccessDeps): Access {
  const { ledger, config, nowMs, log } = deps
  const groups = (): Groups => config().groups
  const keys = createKeyRing({
    ...{ ledger, groups, nowMs, random: randomBytes },
    onFault: (err) => log?.warn({ err }, 'the use of a key could not be noted'),
  })
  const sessions = createSessions(nowMs, randomBytes)
  const verifierOf = remember((jwt: JwtConfig, { createJwtVerifier }: typeof import('./jwt.ts')) =>
    createJwtVerifier({ config: jwt, groups, nowMs, fetchJson: deps.fetchJson }),
  )

  async function verified(token: string) {
    const { jwt } = config()
    if (jwt === undefined) return undefined
    const library = await import('./jwt.ts') // where there is no issuer, nobody needs it
    try {
      return await verifierOf(jwt, library).verify(token)
    } catch (error) {
      if (!(error instanceof library.TokenRefused)) throw error
      log?.info({ why: error.message }, 'token refused')
      return undefined
    }
  }
  const isKey = (token: string) => token.startsWith('fsk_')

  return {
    required: () => config().required,
    keys,
    sessions,
    callerOf: async (token) =>
      isKey(token) ? keys.callerOf(token) : (await verified(token))?.caller,
    async signIn(token) {
      const latestMs = nowMs() + config().sessionMinutes * MINUTE_MS
      if (isKey(token)) {
        const caller = await keys.callerOf(token)
        if (caller === undefined) return undefined
        const id = token.slice('fsk_'.length, token.indexOf('_', 'fsk_'.length))
        return { ...sessions.open(() => keys.callerOfId(id), latestMs), caller }
      }
      const found = await verified(token)
      if (found === undefined) return undefined
      const { caller, endsAtMs } = found
      return { ...sessions.open(async () => caller, Math.min(latestMs, endsAtMs)), caller }
    },
  }
}

type Make = (config: JwtConfig, library: typeof import('./jwt.ts')) => JwtVerifier

/** One verifier as long as its configuration stays. */
function remember(make: Make): Make {
  let made: { config: string; verifier: JwtVerifier } | undefined
  return (config, library) => {
    const text = JSON.stringify(config)
    if (made?.config !== text) made = { config: text, verifier: make(config, library) }
    return made.verifier
  }
}
