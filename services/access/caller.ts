/** Who asks, once it is known: role, services, and the name that the audit log writes down. */
import type { Role } from './role.ts'

export interface Caller {
  /** For the audit log: `key:<name>`, `jwt:<subject>`, `http` where nobody has to say who they are. */
  readonly actor: string
  readonly role: Role
  /** Groups of services that it is for; null: all services. */
  readonly groups: readonly string[] | null
  /** True when it may see and touch the service. */
  covers(service: string): boolean
  /** What its requests are counted by. */
  readonly countedAs: string
}

export type Groups = Readonly<Record<string, readonly string[]>>

/** Nobody has to say who they are: the address listened on is loopback. */
export const ANYBODY: Caller = {
  actor: 'http',
  role: 'admin',
  groups: null,
  covers: () => true,
  countedAs: 'http',
}

/**
 * Patterns are names in which `*` stands for any text. Unknown groups cover nothing: a group that was taken out of the
 * configuration takes its keys' rights with it.
 */
export function coverage(
  names: readonly string[] | null,
  groups: Groups,
): (service: string) => boolean {
  if (names === null) return () => true
  const patterns = names.flatMap((name) => (Object.hasOwn(groups, name) ? groups[name]! : []))
  const known = new Map<string, boolean>()
  return (service) => {
    const before = known.get(service)
    if (before !== undefined) return before
    const covered = patterns.some((pattern) => matches(pattern, service))
    if (known.size < MOST_KNOWN) known.set(service, covered)
    return covered
  }
}

/** Enough for every service that one controller is made for. */
const MOST_KNOWN = 20_000

/** Without a regular expression: the time is that of the texts' lengths, whatever the pattern. */
export function matches(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return pattern === text
  if (!text.startsWith(head)) return false
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return text.length - tail.length >= at && text.endsWith(tail)
}
