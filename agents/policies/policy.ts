/** A policy: what it would have beyond the reactive floor, and what it believes each count loses. */
import type { Floor } from '../agent.ts'
import type { Observation } from '../observation.ts'
import type { ProposalReason } from '../proposal.ts'
import type { PolicyKind, ServiceSpec } from '../service-spec.ts'
import type { LearnedActor } from './learned/act.ts'

export interface Wish {
  /** Replicas wanted now, whatever the limits; never less than the floor's need. */
  readonly replicas: number
  readonly reason: ProposalReason
}

export interface Policy {
  readonly kind: PolicyKind
  /** One sentence for people. */
  readonly description: string
  /**
   * What it takes the observation for before it judges: a learned policy corrects the demand. The same object where there
   * is nothing to correct; `wish` and `loss` are asked about what this returns.
   */
  see(spec: ServiceSpec, observation: Observation, actor: LearnedActor | undefined): Observation
  wish(
    spec: ServiceSpec,
    observation: Observation,
    floor: Floor,
    actor?: LearnedActor | undefined,
  ): Wish
  /** How long a wish outlives its forecast, ms; a lead time where absent. */
  holdMs?(observation: Observation, actor: LearnedActor | undefined): number
  /** Expected requests/s outside the SLO with `replicas`; non-increasing in `replicas`. */
  loss(spec: ServiceSpec, observation: Observation, replicas: number): number
}
