/** What one tick is decided from: plain numbers, so that it can be stored as a frame and decided again. */
import type { AgentMemory } from '../agents/agent.ts'
import type { Observation } from '../agents/observation.ts'
import type { LearnedActor } from '../agents/policies/learned/act.ts'
import type { Mode, ServiceSpec } from '../agents/service-spec.ts'
import type { Directive } from './meta/directive.ts'

export interface ServiceInput {
  readonly spec: ServiceSpec
  /** The mode in force. */
  readonly mode: Mode
  readonly observation: Observation
  /** undefined at the first tick. */
  readonly memory: AgentMemory | undefined
  /** What acts where the policy is `learned`; absent: nothing does. A frame names it by its version. */
  readonly actor?: LearnedActor | undefined
  /**
   * $/hour of replicas of another tier that run beside its own, to take over (meta/tiers.ts); absent: none. Paid after all
   * reactive need and before anything that forecasts want; where it cannot be, the change is given up.
   */
  readonly replacementPerHour?: number
}

export interface TickInput {
  readonly tick: number
  readonly atMs: number
  readonly costBudgetPerHour: number
  /** What all shards share, of which `costBudgetPerHour` is this one's; absent: there are no shards. */
  readonly jointBudgetPerHour?: number
  /** How money is spent so that a day's or a month's lasts; absent: up to the hourly budget. */
  readonly directive?: Directive | undefined
  readonly services: readonly ServiceInput[]
}
