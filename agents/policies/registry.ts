/** Every policy, by name. A new one: its file, a member of PolicyKind, a case here, a row in the README. */
import type { PolicyKind } from '../service-spec.ts'
import { learned } from './learned.ts'
import type { Policy } from './policy.ts'
import { predictive } from './predictive.ts'
import { reactive } from './reactive.ts'

export function policyOf(kind: PolicyKind): Policy {
  switch (kind) {
    case 'learned':
      return learned
    case 'predictive':
      return predictive
    case 'reactive':
      return reactive
  }
}
