/** Who may do what: three roles, each of which may do all that the one before it may. */
import { z } from 'zod'

export const Role = z.enum(['viewer', 'operator', 'admin']).meta({
  id: 'Role',
  description:
    'viewer reads; operator also acts (modes, pause, models, rollouts, samples); admin also changes money, keys and configuration.',
})
export type Role = z.infer<typeof Role>

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

export const mayAct = (has: Role, needed: Role): boolean => RANK[has] >= RANK[needed]

/**
 * What a route is about. `service`: the one named in its path. `filtered`: rows of several services, of which its
 * handler leaves out what the caller may not see or touch. `fleet`: all of them together, so it takes a caller who is
 * not bound to some. `none`: no service at all.
 */
export const Scope = z.enum(['service', 'filtered', 'fleet', 'none'])
export type Scope = z.infer<typeof Scope>

/** A name that a person gives to a group of services. */
export const GroupName = z
  .string()
  .regex(/^[\w][\w.-]{0,62}$/, 'letters, digits and . _ -, at most 63')
