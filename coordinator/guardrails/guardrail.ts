/** A limit that narrows the replica counts open to a service, before anything is proposed. */
import type { AgentMemory } from '../../agents/agent.ts'
import type { Observation, ReplicaRange } from '../../agents/observation.ts'
import type { ServiceSpec } from '../../agents/service-spec.ts'

export interface GuardrailInput {
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly memory: AgentMemory
}

export type Guardrail = (range: ReplicaRange, input: GuardrailInput) => ReplicaRange

/** The part of `range` within [low, high]; its nearest end where they do not meet, so a range never becomes empty. */
export function narrow(range: ReplicaRange, low: number, high: number): ReplicaRange {
  if (low <= range.min && high >= range.max) return range
  const min = Math.min(Math.max(range.min, low), range.max)
  const max = Math.max(Math.min(range.max, high), range.min)
  return { min: Math.min(min, max), max: Math.max(min, max) }
}
