/** How the shards stand, as it travels over HTTP. */
import { z } from 'zod'

export const ShardsView = z
  .strictObject({
    shard: z.string().meta({ description: 'The one that this controller serves.' }),
    budgetPerHour: z.number().nullable().meta({
      description: 'What its last tick could spend, $/hour; null: this controller has not claimed.',
    }),
    jointBudgetPerHour: z.number().meta({ description: 'What all shards share, $/hour.' }),
    price: z.number().meta({
      description:
        'Price at which all shards together spend the budget: weighted requests/s outside the SLO avoided for one more $/hour; 0 while it carries everything.',
    }),
    shards: z.array(
      z.strictObject({
        shard: z.string(),
        claimPerHour: z.number().meta({ description: 'What it may spend, $/hour.' }),
        runningPerHour: z.number().meta({ description: 'What it said that its replicas cost.' }),
        wantedPerHour: z.number().meta({ description: 'What it would spend at no price.' }),
        silentMs: z.number().nullable().meta({
          description: 'Since when nothing was heard of it; null: nothing ever was.',
        }),
        isSilent: z.boolean().meta({
          description: 'For longer than shards.silentAfterTicks: it keeps what it may spend.',
        }),
        leader: z.string().nullable(),
        url: z.string(),
      }),
    ),
  })
  .meta({ id: 'Shards' })
export type ShardsView = z.infer<typeof ShardsView>
