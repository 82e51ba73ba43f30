/** Several controllers on one ledger: whether they elect a leader, and how soon a silent one is replaced. */
import { z } from 'zod'
import { LEASE_TIMES } from './lease.ts'

const DNS_NAME = /^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/

/** Where the lease is kept. */
export const LeaseConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ledger') }),
  z.strictObject({
    kind: z.literal('kubernetes'),
    namespace: z
      .string()
      .regex(DNS_NAME, 'must be a name as Kubernetes allows it')
      .default('forescale')
      .meta({ description: 'Namespace of the Lease.' }),
    name: z
      .string()
      .regex(DNS_NAME, 'must be a name as Kubernetes allows it')
      .default('forescale')
      .meta({ description: 'Name of the Lease.' }),
  }),
])
export type LeaseConfig = z.infer<typeof LeaseConfig>

export const LeaderConfig = z
  .strictObject({
    election: z.boolean().default(false).meta({
      description:
        'true: of all controllers on this ledger one acts, the others follow and take over. false: this one acts.',
    }),
    durationMs: z.int().min(100).default(LEASE_TIMES.durationMs).meta({
      description: 'A leader that was not seen to renew for so long is replaced.',
    }),
    renewDeadlineMs: z.int().min(50).default(LEASE_TIMES.renewDeadlineMs).meta({
      description: 'A leader that could not renew for so long no longer acts.',
    }),
    retryMs: z.int().min(10).default(LEASE_TIMES.retryMs).meta({
      description: 'Between two attempts to renew or to take over.',
    }),
    url: z.string().default('').meta({
      description: 'Where the others say that this one can be reached.',
    }),
    lease: LeaseConfig.prefault({ kind: 'ledger' }).meta({
      description: 'What the controllers elect their leader by.',
    }),
  })
  .refine((c) => c.retryMs < c.renewDeadlineMs && c.renewDeadlineMs < c.durationMs, {
    error: 'must be retryMs < renewDeadlineMs < durationMs: else two could act at once',
    path: ['renewDeadlineMs'],
  })
export type LeaderConfig = z.infer<typeof LeaderConfig>
