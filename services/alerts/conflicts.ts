/** A service that is to be enforced and cannot be, because something else scales it too: a person must choose who does. */
import type { ServiceId } from '../../forecaster/series.ts'
import type { ScaleConflict } from '../kubernetes/target/conflict.ts'
import type { Standing } from './standing.ts'

export type ConflictOf = (service: ServiceId) => ScaleConflict | undefined

export interface ConflictsInput {
  readonly services: readonly ServiceId[]
  readonly atMs: number
  readonly closeAfterMs: number
  /** Of services that are to be enforced. */
  readonly conflictOf: ConflictOf
  readonly knows: (key: string) => boolean
}

export function conflictsOf(input: ConflictsInput): Standing[] {
  const { services, atMs, closeAfterMs, conflictOf, knows } = input
  return services.flatMap((service) => {
    const conflict = conflictOf(service)
    const key = `scaling-conflict/${service}`
    if (!conflict?.holds && !knows(key)) return []
    return {
      key,
      holds: conflict?.holds === true,
      openAfterMs: 0,
      closeAfterMs,
      describe: (sinceMs: number) => ({
        kind: 'scaling-conflict' as const,
        severity: 'warning' as const,
        service,
        summary: `${service} is not scaled: ${conflict?.detail ?? 'something else scales it'}`,
        figures: { heldMs: atMs - sinceMs },
      }),
    }
  })
}
