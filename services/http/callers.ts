/** Who asks, as the handlers of routes see it once the door has let a request through. */
import type { Context } from 'hono'
import { ANYBODY, type Caller } from '../access/caller.ts'

declare module 'hono' {
  interface ContextVariableMap {
    caller: Caller
  }
}

export const callerOf = (c: Context): Caller => c.get('caller') ?? ANYBODY

/** Who it is in the audit log and in the ledger's own records of who changed what. */
export const actorOf = (c: Context): string => callerOf(c).actor

/** For rows about a service: those that the caller is for. */
export function seenBy(c: Context): (row: { readonly service: string | null }) => boolean {
  const caller = callerOf(c)
  return ({ service }) => caller.groups === null || (service !== null && caller.covers(service))
}
