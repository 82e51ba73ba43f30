/**
 * Safe by default: where nobody has to say who they are, only this machine is listened to. Whoever opens the door to
 * others must have said who may come in.
 */

import { isWithin, rangesOf } from '../../datasets/outbound/networks.ts'
import { CommandFailure, EXIT } from '../cli/exit-codes.ts'
import type { AccessLedger } from '../ledger/access-ledger.ts'
import { isAlive } from './api-key.ts'
import type { AuthConfig } from './config.ts'

const LOOPBACK = rangesOf(['127.0.0.0/8', '::1'])

/** It will not listen there; the sentence says what to do. */
export class Exposed extends CommandFailure {
  constructor(message: string) {
    super(EXIT.configInvalid, message)
  }
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || isWithin(host, LOOPBACK)

export interface Listens {
  readonly host: string
  readonly auth: AuthConfig
}

/** Throws Exposed when others could reach an API that asks nobody who they are. */
export function refuseOpenDoor({ host, auth }: Listens): void {
  if (isLoopback(host) || auth.required) return
  throw new Exposed(
    `http.host: "${host}" can be reached by others, and nobody has to say who they are; ` +
      'set http.auth.required: true and make a key with "forescale keys create --role admin --name NAME", ' +
      'or set http.host: 127.0.0.1',
  )
}

/** The same, and when nobody at all could come in. */
export async function refuseExposure(
  listens: Listens,
  ledger: Pick<AccessLedger, 'keys'>,
  nowMs: number,
): Promise<void> {
  refuseOpenDoor(listens)
  const { host, auth } = listens
  if (isLoopback(host) || Object.values(auth.jwt?.roles ?? {}).includes('admin')) return
  const keys = await ledger.keys()
  if (keys.some((key) => key.role === 'admin' && isAlive(key, nowMs))) return
  throw new Exposed(
    `http.host: "${host}" can be reached by others, but there is no key and no http.auth.jwt that an admin could come in with; ` +
      'make one on this machine: forescale keys create --role admin --name NAME',
  )
}
