/** Which ledger, and how PostgreSQL is reached. The address holds a password: it comes from a file or the environment. */
import { z } from 'zod'

const SECOND_MS = 1000
const MIB = 1024 * 1024

const maxBytes = z
  .int()
  .min(16 * MIB)
  .optional()
  .meta({
    description:
      'Most bytes on disk, looked at every 20 ticks: over it the oldest ticks go before retentionMs is over, but never decisions that are not settled, the newest 100 ticks, models, settings, keys or the audit log. Left out: age alone counts.',
  })

export const PostgresqlConfig = z.strictObject({
  kind: z.literal('postgresql'),
  urlEnv: z.string().min(1).optional().meta({
    description:
      'Environment variable with the address, postgresql://user:password@host:5432/database.',
  }),
  urlFile: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'File with the address instead; read when the controller starts.' }),
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a plain lower-case name')
    .default('forescale')
    .meta({ description: 'Schema of its tables; made when it is not there.' }),
  ssl: z.enum(['disable', 'require', 'verify-full']).default('disable').meta({
    description:
      'require: encrypted, whoever answers; verify-full: certificate and host name are checked.',
  }),
  sslCaFile: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Authorities that verify-full believes; else the system's." }),
  connections: z.int().min(2).max(100).default(10).meta({ description: 'Most at a time.' }),
  connectTimeoutMs: z
    .int()
    .min(100)
    .default(3 * SECOND_MS),
  maxBytes,
  statementTimeoutMs: z
    .int()
    .min(100)
    .default(10 * SECOND_MS)
    .meta({
      description:
        'A statement that takes longer is broken off, a transaction left idle for as long as well.',
    }),
})
export type PostgresqlConfig = z.infer<typeof PostgresqlConfig>

export const LedgerConfig = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('embedded'), maxBytes }),
    PostgresqlConfig,
  ])
  .refine(
    (c) => c.kind !== 'postgresql' || (c.urlEnv === undefined) !== (c.urlFile === undefined),
    {
      error: 'postgresql needs exactly one of urlEnv and urlFile',
      path: ['urlEnv'],
    },
  )
export type LedgerConfig = z.infer<typeof LedgerConfig>
