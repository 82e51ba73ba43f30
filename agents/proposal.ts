/** An agent's menu: what every allowed replica count would lose and cost. Never one number. */
import { z } from 'zod'
import type { ServiceId } from '../forecaster/series.ts'
import { ServiceId as ServiceIdSchema } from '../forecaster/series.ts'
import type { ReplicaRange } from './observation.ts'
import { PolicyKind } from './service-spec.ts'

/** Why the proposal is what it is; figures stand beside it, the sentence is made when somebody reads it. */
export const ProposalReason = z
  .enum(['reactive', 'forecast', 'surge', 'fallback', 'no-data', 'off'])
  .meta({ id: 'ProposalReason' })
export type ProposalReason = z.infer<typeof ProposalReason>

export interface Proposal {
  readonly service: ServiceId
  readonly policy: PolicyKind
  readonly allowed: ReplicaRange
  /** What the observed load needs now, by the HPA rule with its own memory. Funded first. */
  readonly reactiveNeed: number
  /** What the agent would take if money and limits were no matter. */
  readonly wanted: number
  /** `wanted` held inside `allowed`; the arbiter never goes above it. */
  readonly preferred: number
  /** The replica count of `loss[0]`. */
  readonly fromReplicas: number
  /** Expected requests/s outside the SLO with `fromReplicas + i` replicas; non-increasing. */
  readonly loss: Float64Array
  readonly reason: ProposalReason
}

export const ProposalDocument = z
  .strictObject({
    service: ServiceIdSchema,
    policy: PolicyKind,
    allowed: z.strictObject({ min: z.int(), max: z.int() }),
    reactiveNeed: z.int(),
    wanted: z.int(),
    preferred: z.int(),
    options: z.array(
      z.strictObject({
        replicas: z.int(),
        loss: z.number().meta({ description: 'Expected requests/s outside the SLO.' }),
        costPerHour: z.number(),
      }),
    ),
    reason: ProposalReason,
  })
  .meta({ id: 'Proposal' })
export type ProposalDocument = z.infer<typeof ProposalDocument>

export function proposalDocument(
  proposal: Proposal,
  pricePerReplicaHour: number,
): ProposalDocument {
  return {
    service: proposal.service,
    policy: proposal.policy,
    allowed: { ...proposal.allowed },
    reactiveNeed: proposal.reactiveNeed,
    wanted: proposal.wanted,
    preferred: proposal.preferred,
    options: Array.from(proposal.loss, (loss, i) => ({
      replicas: proposal.fromReplicas + i,
      loss,
      costPerHour: (proposal.fromReplicas + i) * pricePerReplicaHour,
    })),
    reason: proposal.reason,
  }
}
