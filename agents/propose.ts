/** An agent's proposal: its policy's wish held inside the allowed range, and the menu between two counts. */
import { type AgentMemory, type Floor, heldWant } from './agent.ts'
import type { Observation, ReplicaRange } from './observation.ts'
import { policyOf } from './policies/registry.ts'
import type { Proposal } from './proposal.ts'
import type { ServiceSpec } from './service-spec.ts'

export interface ProposeInput {
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly memory: AgentMemory
  readonly floor: Floor
  /** What is funded already: the menu starts here. */
  readonly base: number
  readonly allowed: ReplicaRange
}

export interface Proposed {
  readonly proposal: Proposal
  /** The wish before it was held, to be remembered. */
  readonly wanted: number
}

export function propose({
  spec,
  observation,
  memory,
  floor,
  base,
  allowed,
}: ProposeInput): Proposed {
  const wish = policyOf(spec.policy).wish(spec, observation, floor)
  const wanted =
    spec.policy === 'reactive' ? wish.replicas : heldWant(observation, memory, wish.replicas)
  const preferred = Math.min(Math.max(wanted, base), allowed.max)
  const proposal: Proposal = {
    service: observation.service,
    policy: spec.policy,
    allowed,
    reactiveNeed: floor.need,
    wanted,
    preferred,
    fromReplicas: base,
    loss: lossBetween(spec, observation, base, preferred),
    reason: wanted > wish.replicas ? 'forecast' : wish.reason,
  }
  return { proposal, wanted: wish.replicas }
}

/** Expected requests/s outside the SLO for every count from `from` to `to`, both included. */
export function lossBetween(
  spec: ServiceSpec,
  observation: Observation,
  from: number,
  to: number,
): Float64Array {
  const policy = policyOf(spec.policy)
  const loss = new Float64Array(Math.max(0, to - from) + 1)
  for (let i = 0; i < loss.length; i++) loss[i] = policy.loss(spec, observation, from + i)
  return loss
}
