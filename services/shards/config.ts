/** Shards: several controllers, each with services of its own, under one budget. */
import { z } from 'zod'

/** Part of a schema's name in PostgreSQL. */
export const ShardName = z
  .string()
  .regex(/^[a-z0-9_]{1,24}$/, 'must be lower-case letters, digits and _, at most 24')

export const ShardsConfig = z
  .strictObject({
    own: ShardName.meta({
      description:
        'The shard that this controller serves. The file may be the same for all: FORESCALE_SHARDS__OWN sets it.',
    }),
    names: z
      .array(ShardName)
      .min(1)
      .max(100)
      .meta({ description: 'All shards. One that is taken out has nothing of the budget.' }),
    services: z.record(z.string(), ShardName).default({}).meta({
      description:
        'Which shard serves a service, by name; others are spread by rendezvous hashing of their names.',
    }),
    schema: z
      .string()
      .regex(/^[a-z_][a-z0-9_]{0,62}$/, 'must be a plain lower-case name')
      .default('forescale_shards')
      .meta({
        description:
          'Schema of PostgreSQL where shards meet. Each has its own besides: that of ledger, an underscore, its name.',
      }),
    silentAfterTicks: z.int().min(2).max(1000).default(4).meta({
      description:
        'A shard of which nothing was heard for so many ticks keeps what it may spend, and the others no longer wait for it.',
    }),
  })
  .refine(({ own, names }) => names.includes(own), {
    error: 'must be one of shards.names',
    path: ['own'],
  })
  .refine(({ names }) => new Set(names).size === names.length, {
    error: 'must not name a shard twice',
    path: ['names'],
  })
  .refine(({ names, services }) => Object.values(services).every((one) => names.includes(one)), {
    error: 'must say shards of shards.names',
    path: ['services'],
  })
export type ShardsConfig = z.infer<typeof ShardsConfig>
