/** An agent's proposal: its policy's wish held inside the allowed range, and the menu between two counts. */
import { type AgentMemory, type Floor, heldWant } from './agent.ts'
import type { Observation, ReplicaRange } from './observation.ts'
import type { LearnedActor } from './policies/learned/act.ts'
import type { Policy } from './policies/policy.ts'
import { policyOf } from './policies/registry.ts'
import type { Proposal } from './proposal.ts'
import type { ServiceSpec } from './service-spec.ts'

export interface ProposeInput {
  readonly spec: ServiceSpec
  readonly observation: Observation
  readonly memory: AgentMemory
  /** What acts for a learned policy; undefined where there is none. */
  readonly actor: LearnedActor | undefined
  readonly floor: Floor
  /** What is funded already: the menu starts here. */
  readonly base: number
  readonly allowed: ReplicaRange
}

export interface Proposed {
  readonly proposal: Proposal
  /** The wish before it was held, to be remembered. */
  readonly wanted: number
  /** How long it is held. */
  readonly holdMs: number
}

export function propose({
  spec,
  observation,
  memory,
  actor,
  floor,
  base,
  allowed,
}: ProposeInput): Proposed {
  const policy = policyOf(spec.policy)
  const seen = policy.see(spec, observation, actor)
  const wish = policy.wish(spec, seen, floor, actor)
  const holdMs = policy.holdMs?.(observation, actor) ?? observation.leadTimeMs
  const wanted =
    spec.policy === 'reactive'
      ? wish.replicas
      : heldWant(observation.nowMs, memory, wish.replicas, holdMs)
  const preferred = Math.min(Math.max(wanted, base), allowed.max)
  const proposal: Proposal = {
    service: observation.service,
    policy: spec.policy,
    allowed,
    reactiveNeed: floor.need,
    wanted,
    preferred,
    fromReplicas: base,
    loss: lossCurve(policy, spec, seen, base, preferred),
    reason: wanted > wish.replicas ? 'forecast' : wish.reason,
  }
  return { proposal, wanted: wish.replicas, holdMs }
}

/** Expected requests/s outside the SLO for every count from `from` to `to`, both included. */
export function lossBetween(
  spec: ServiceSpec,
  observation: Observation,
  actor: LearnedActor | undefined,
  from: number,
  to: number,
): Float64Array {
  const policy = policyOf(spec.policy)
  return lossCurve(policy, spec, policy.see(spec, observation, actor), from, to)
}

function lossCurve(
  policy: Policy,
  spec: ServiceSpec,
  seen: Observation,
  from: number,
  to: number,
): Float64Array {
  const loss = new Float64Array(Math.max(0, to - from) + 1)
  for (let i = 0; i < loss.length; i++) loss[i] = policy.loss(spec, seen, from + i)
  return loss
}
