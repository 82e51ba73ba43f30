/** What one tick is decided from: plain numbers, so that it can be stored as a frame and decided again. */
import type { AgentMemory } from '../agents/agent.ts'
import type { Observation } from '../agents/observation.ts'
import type { Mode, ServiceSpec } from '../agents/service-spec.ts'

export interface ServiceInput {
  readonly spec: ServiceSpec
  /** The mode in force. */
  readonly mode: Mode
  readonly observation: Observation
  /** undefined at the first tick. */
  readonly memory: AgentMemory | undefined
}

export interface TickInput {
  readonly tick: number
  readonly atMs: number
  readonly costBudgetPerHour: number
  readonly services: readonly ServiceInput[]
}
