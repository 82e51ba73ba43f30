/** The configuration's section `selection`: which strategy acts, by measured regret. */
import { z } from 'zod'

export const SelectionConfig = z
  .strictObject({
    enabled: z.boolean().default(false).meta({
      description:
        'true: the strategy that acts for each service is chosen by what all of them would have lost; false: they are only scored.',
    }),
    roundMs: z
      .int()
      .positive()
      .default(60 * 60 * 1000)
      .meta({ description: 'Time over which losses are compared before a choice, ms.' }),
    memoryRounds: z.int().min(2).default(168).meta({
      description: 'Rounds for which a best strategy is expected to stay one: a week of hours.',
    }),
  })
  .meta({ id: 'SelectionConfig' })
