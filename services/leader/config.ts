/** Several controllers on one ledger: whether they elect a leader, and how soon a silent one is replaced. */
import { z } from 'zod'
import { LEASE_TIMES } from './lease.ts'

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
  })
  .refine((c) => c.retryMs < c.renewDeadlineMs && c.renewDeadlineMs < c.durationMs, {
    error: 'must be retryMs < renewDeadlineMs < durationMs: else two could act at once',
    path: ['renewDeadlineMs'],
  })
export type LeaderConfig = z.infer<typeof LeaderConfig>
