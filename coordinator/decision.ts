/** What the coordinator decided for one service, and why. The effect is absolute: `replicas = to`. */
import { z } from 'zod'
import { ProposalReason } from '../agents/proposal.ts'
import { Mode, PolicyKind } from '../agents/service-spec.ts'
import { ServiceId } from '../forecaster/series.ts'

/** The constraint that stopped the service from getting more (or less) than it did. */
export const BoundBy = z
  .enum([
    'none',
    'budget',
    'budget-infeasible',
    'not-returnable',
    'max-replicas',
    'min-replicas',
    'rate-limit',
    'stabilization',
    'no-data',
    'mode',
    'share',
  ])
  .meta({ id: 'BoundBy' })
export type BoundBy = z.infer<typeof BoundBy>

export const Decision = z
  .strictObject({
    id: z.string().meta({ description: 'Hash of (epoch, tick, service, inputs).' }),
    tick: z.int().min(0),
    atMs: z.number(),
    service: ServiceId,
    mode: Mode,
    policy: PolicyKind,
    policyVersion: z.string().nullable().meta({
      description: 'Of the learned policy that acted; null where none did.',
    }),
    from: z.int().min(0),
    to: z.int().min(0),
    reactiveNeed: z.int(),
    wanted: z.int(),
    costPerHour: z.number().min(0).meta({ description: 'Cost of `to` replicas, $/hour.' }),
    shadowPrice: z.number().min(0).meta({
      description: 'Weighted requests/s outside the SLO that one more $/hour would avoid.',
    }),
    expectedLoss: z
      .number()
      .min(0)
      .meta({ description: 'Expected requests/s outside the SLO at `to`.' }),
    boundBy: BoundBy,
    reason: ProposalReason,
    rationale: z.string().meta({ description: 'The reason as a sentence.' }),
  })
  .meta({ id: 'Decision' })
export type Decision = z.infer<typeof Decision>

/** What became of a decision. */
export const Settlement = z
  .enum(['pending', 'applied', 'unchanged', 'not-enforced', 'failed', 'dropped'])
  .meta({ id: 'Settlement' })
export type Settlement = z.infer<typeof Settlement>
