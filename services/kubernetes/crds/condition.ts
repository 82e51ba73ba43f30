/** A condition as metav1.Condition has it, and how a list of them changes. */
import { z } from 'zod'

export const Condition = z.strictObject({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  observedGeneration: z.int().optional(),
  lastTransitionTime: z.iso.datetime().meta({ format: 'date-time' }),
  reason: z.string(),
  message: z.string(),
})
export type Condition = z.infer<typeof Condition>

export interface Finding {
  readonly type: 'Ready' | 'Conflict' | 'Degraded' | 'BudgetBound'
  readonly holds: boolean
  /** In CamelCase, as the API asks for it. */
  readonly reason: string
  readonly message: string
}

/** The list with what was found now; a time changes only with its status, as the convention has it. */
export function conditionsOf(
  findings: readonly Finding[],
  before: readonly Condition[],
  generation: number,
  nowMs: number,
): Condition[] {
  return findings.map(({ type, holds, reason, message }) => {
    const status = holds ? 'True' : 'False'
    const old = before.find((condition) => condition.type === type)
    return {
      ...{ type, status, reason, message },
      observedGeneration: generation,
      lastTransitionTime:
        old?.status === status ? old.lastTransitionTime : new Date(nowMs).toISOString(),
    }
  })
}
