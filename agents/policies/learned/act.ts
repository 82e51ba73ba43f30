/** A document made ready to act: features in, a stretch out. */
import type { ServiceId } from '../../../forecaster/series.ts'
import { createActor } from '../../learning/acting.ts'
import { type PolicyActions, type PolicyDocument, policyVersion } from './document.ts'
import type { FeatureName } from './features.ts'
import type { Tuning } from './tuning.ts'

/** What the tick is given: a policy that sees features and says by how much the demand is to be stretched. */
export interface LearnedActor {
  /** Names it in frames and decisions. */
  readonly version: string
  readonly features: readonly FeatureName[]
  /**
   * What the demand is multiplied by; `features` in the order of their names. Whatever it returns is held within bounds, and
   * what is no number is not followed (learned.ts).
   */
  stretch(features: Float32Array): number
  /** What was learned from the past of that service itself; absent: of none. */
  tuningOf?(service: ServiceId): Tuning | undefined
}

/** `document` as it was read by its schema. */
export function learnedActor(document: PolicyDocument): LearnedActor {
  const { features, actions, rule, tunings } = document
  const actor = createActor(rule, 1)
  return {
    version: policyVersion(document),
    features,
    stretch(seen) {
      const action = chosen(() => actor.act(seen, 1)[0]!)
      return stretchBy(actions, action)
    },
    ...(tunings ? { tuningOf: (service: ServiceId) => ownOf(tunings, service) } : {}),
  }
}

/** Names are the owner's: one of them may be that of something that every object has. */
function ownOf<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** A network whose sums overflow says nothing: the tick goes on without it. */
function chosen(act: () => number): number {
  try {
    return act()
  } catch (error) {
    if (error instanceof RangeError) return Number.NaN
    throw error
  }
}

/** What action `action` of a discrete policy (its place), or of a continuous one (its value), stretches by. */
export function stretchBy(actions: PolicyActions, action: number): number {
  if (actions.kind === 'discrete') return actions.stretches[action] ?? Number.NaN
  return Math.exp(actions.reach * Math.min(Math.max(action, -1), 1))
}
