/**
 * Rules that span several settings, each said twice: in CEL, which the API server judges by, and as a function, which the
 * schema judges by here. A test asks a real server whether the two agree.
 */
import type { z } from 'zod'

export interface SpecRule<Spec> {
  readonly cel: string
  readonly message: string
  readonly holds: (spec: Spec) => boolean
  readonly path: readonly string[]
}

export function byRules<Spec>(rules: readonly SpecRule<Spec>[]) {
  return (spec: Spec, context: z.RefinementCtx): void => {
    for (const { holds, message, path } of rules)
      if (!holds(spec)) context.addIssue({ code: 'custom', message, path: [...path] })
  }
}
