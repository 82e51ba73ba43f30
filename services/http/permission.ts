/**
 * What a route asks of its caller. Every route says so in its `createRoute` call by one of these; it then stands in
 * OpenAPI as the route's security requirement. A route that says nothing cannot be registered (door.ts).
 */
import type { Role, Scope } from '../access/role.ts'

/** A write's name in the audit log, as thing and deed: `budget.change`. */
export type AuditAction = `${string}.${string}`

export interface Permission {
  /** Undefined: whoever asks. */
  readonly role: Role | undefined
  readonly scope: Scope
  /** What it is called in the audit log; undefined: it changes nothing, or brings data only. */
  readonly action: AuditAction | undefined
}

export const BEARER = 'bearer'
export const SESSION = 'session'

function requirement({ role, scope, action }: Permission) {
  return {
    security: role === undefined ? [] : [{ [BEARER]: [role] }, { [SESSION]: [role] }],
    'x-scope': scope,
    ...(action === undefined ? {} : { 'x-audit': action }),
  }
}

/** Whoever asks: health, pages, signing in. */
export const OPEN = requirement({ role: undefined, scope: 'none', action: undefined })

/** Changes nothing. */
export const reads = (scope: Scope, role: Role = 'viewer') =>
  requirement({ role, scope, action: undefined })

/** Changes something: written to the audit log before it takes effect. */
export const acts = (role: Role, scope: Scope, action: AuditAction) =>
  requirement({ role, scope, action })

/** Brings data (samples, the time of a tick), of which the stores are the record. */
export const feeds = (scope: Scope) => requirement({ role: 'operator', scope, action: undefined })

const READING: readonly string[] = ['get', 'head']

export interface Declared {
  readonly method: string
  readonly path: string
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[] | undefined
  readonly 'x-scope'?: unknown
  readonly 'x-audit'?: unknown
}

/** Throws for a route that declares nothing. */
export function permissionOf(route: Declared): Permission {
  const { method, path, security, 'x-scope': scope, 'x-audit': action } = route
  if (security === undefined || scope === undefined)
    throw new Error(
      `${method.toUpperCase()} ${path} does not say who may use it: spread reads(), acts(), feeds() or OPEN into its createRoute`,
    )
  if (scope === 'service' && !path.includes('{service}'))
    throw new Error(`${method.toUpperCase()} ${path} has the scope "service" but no {service}`)
  if (action !== undefined && READING.includes(method))
    throw new Error(`${method.toUpperCase()} ${path} reads: it cannot be in the audit log`)
  return {
    role: security[0]?.[BEARER]?.[0] as Role | undefined,
    scope: scope as Scope,
    action: action as AuditAction | undefined,
  }
}
